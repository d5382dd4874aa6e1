using System.Globalization;

namespace Trinity.AgentServer.Tests.Support;

/// <summary>The built agent server as a process of its own, for what cannot be seen from inside.</summary>
internal sealed class AgentProgram : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private AgentProgram(ChildProcess process, string listen)
    {
        _process = process;
        Listen = listen;
        Client = LoopbackHttp.CreateClient(listen[listen.IndexOf("http", StringComparison.Ordinal)..]);
    }

    public static string Library { get; } = Path.Combine(AppContext.BaseDirectory, "Trinity.AgentServer.dll");

    public HttpClient Client { get; }

    /// <summary>The first of its arguments, by which it is found.</summary>
    public string Listen { get; }

    public string Output => _process.Output;

    /// <param name="prefix">What starts it, such as <c>setpriv --reuid=1</c>.</param>
    /// <param name="arguments">More of its own.</param>
    public static async Task<AgentProgram> StartAsync(IEnumerable<string> prefix, params IEnumerable<string> arguments)
    {
        var listen = string.Create(CultureInfo.InvariantCulture, $"--AgentServer:Listen=http://127.0.0.1:{FreePort.Next()}");
        var program = new AgentProgram(ChildProcess.Start(new ChildProgram("env", [.. prefix, "dotnet", Library, listen, .. arguments])), listen);
        await Eventually.TrueAsync(async () => program._process.HasExited || await program.IsUpAsync(), "the server answers");
        Assert.False(program._process.HasExited, program._process.Output + program._process.Errors);
        return program;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<bool> IsUpAsync()
    {
        try
        {
            using var response = await Client.GetAsync("/health", Timeouts.Token);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
