using System.Net;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Hosting;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>What vendors' SDKs read from the environment configures nothing here and goes nowhere.</summary>
[Collection(RunsAlone.Name)] // the environment is the whole process's
public sealed class EnvironmentTests : IDisposable
{
    private const string Canary = "environment-canary";

    private static readonly string[] Variables =
    [
        "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_ORGANIZATION",
        "OPENAI_PROJECT_ID", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN",
    ];

    private readonly List<(string Name, string? Value)> _before = [.. Variables.Select(name => (name, Environment.GetEnvironmentVariable(name)))];

    public EnvironmentTests() => Array.ForEach(Variables, name => Environment.SetEnvironmentVariable(name, $"{Canary}-{name}"));

    public void Dispose() => _before.ForEach(variable => Environment.SetEnvironmentVariable(variable.Name, variable.Value));

    [Fact]
    public async Task VendorsVariables_ReachNoProvider()
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"]);
        bench.Upstream.Respond(FakeReply.Echo);
        foreach (var dialect in new[] { Models.Messages, Models.Chat, Models.Responses })
        {
            foreach (var stream in new[] { false, true })
            {
                using var reply = await bench.SendAsync(bench.Request(dialect, stream));
                var seen = await EchoReply.OfAsync(reply);

                Assert.DoesNotContain(Canary, seen.Text, StringComparison.Ordinal);
                Assert.Equal(TestBench.KeyOf(Models.Provider(dialect)), seen.Header("x-api-key") ?? seen.Header("authorization")!["Bearer ".Length..]);
            }
        }
    }

    [Fact]
    public async Task VendorsVariables_WithAnEmptyDatabase_MakeNoProvider()
    {
        await using var bench = await TestBench.StartAsync([]);

        using var reply = await bench.SendAsync(bench.Request(Models.Messages));

        Assert.Equal(HttpStatusCode.NotFound, reply.StatusCode);
        Assert.Empty(bench.Bridge.Snapshot!.Providers);
    }
}
