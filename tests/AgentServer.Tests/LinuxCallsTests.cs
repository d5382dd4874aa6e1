using System.Globalization;

namespace Trinity.AgentServer.Tests;

public sealed class LinuxCallsTests
{
    /// <summary>Of a program that was started, not of this one: tests are to stay debuggable.</summary>
    [Fact]
    public async Task Program_Started_IsNotDumpable()
    {
        var port = FreePort.Next();
        await using var server = ChildProcess.Start(new ChildProgram("dotnet", Path.Combine(AppContext.BaseDirectory, "Trinity.AgentServer.dll"), string.Create(CultureInfo.InvariantCulture, $"--AgentServer:Listen=http://127.0.0.1:{port}"))
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["TRINITY_AGENTSERVER__TOKEN"] = "agent-token-0123456789" },
        });
        using var client = LoopbackHttp.CreateClient(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        await Eventually.TrueAsync(async () => server.HasExited || await IsUpAsync(client), "the server answers");

        Assert.False(server.HasExited, server.Output + server.Errors);
        Assert.DoesNotContain("non-dumpable", server.Output, StringComparison.Ordinal); // the kernel was asked, and says that it is so
    }

    private static async Task<bool> IsUpAsync(HttpClient client)
    {
        try
        {
            using var response = await client.GetAsync("/health", Timeouts.Token);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
