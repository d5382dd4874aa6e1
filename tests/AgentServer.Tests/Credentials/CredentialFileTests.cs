using System.Net.Http.Json;
using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Credentials;

/// <summary>HR-10 to HR-17, HZ-2, HZ-5 and HZ-11: the credential on disk.</summary>
public sealed class CredentialFileTests
{
    private const string AgentToken = "agent-token-0123456789";
    private const string Script = """printf %s "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c1-16""";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int OverrideIgnored = 3105;

    [Fact]
    public async Task Reload_NewFile_IsOwnersAlone() // HR-10, HR-11
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Script);

        await server.ReloadAsync(AgentBench.Reload(1, Canaries.New("anthropic-oauth")));

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(bench.CredentialFile));
    }

    [Theory]
    [InlineData("000")]
    [InlineData("022")]
    public async Task Reload_AnyUmask_FileIsOwnersAlone(string umask) // HR-11
    {
        await using var bench = new AgentBench();
        await using var server = await AgentProgram.StartAsync(["sh", "-c", $"umask {umask}; exec \"$@\"", "sh"], $"--AgentServer:CredentialFile={bench.CredentialFile}", $"--AgentServer:Environment:HOME={bench.Home}");

        using var response = await server.Client.PostAsJsonAsync("/api/credentials/reload-token", AgentBench.Reload(1, Canaries.New("anthropic-oauth")), AgentApiJson.Default.ReloadTokenRequest, Timeouts.Token);

        Assert.Equal((200, OwnerOnly), ((int)response.StatusCode, File.GetUnixFileMode(bench.CredentialFile)));
        Canaries.AssertAbsentFrom(server.Output, "the log");
    }

    [Fact]
    public async Task Reload_LooserFileFromBefore_EndsOwnersAlone() // HR-12
    {
        await using var bench = new AgentBench();
        await File.WriteAllTextAsync(bench.CredentialFile, "old and much longer than what comes", Timeouts.Token);
        File.SetUnixFileMode(bench.CredentialFile, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var server = await bench.StartAsync(Script);

        var (status, _) = await server.ReloadAsync(AgentBench.Reload(1, "a-token"));

        Assert.Equal((200, OwnerOnly), (status, File.GetUnixFileMode(bench.CredentialFile)));
        Assert.DoesNotContain("much longer", await File.ReadAllTextAsync(bench.CredentialFile, Timeouts.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reload_UnfinishedFileOrLinkFromBefore_IsReplacedNotFollowed()
    {
        await using var bench = new AgentBench();
        var victim = Path.Combine(bench.Folder, "victim");
        await File.WriteAllTextAsync(victim, "untouched", Timeouts.Token);
        File.CreateSymbolicLink(bench.CredentialFile + ".new", victim);
        File.CreateSymbolicLink(bench.CredentialFile, victim);
        var server = await bench.StartAsync(Script);

        var (status, _) = await server.ReloadAsync(AgentBench.Reload(1, "a-token"));

        Assert.Equal((200, "untouched"), (status, await File.ReadAllTextAsync(victim, Timeouts.Token)));
        Assert.Null(new FileInfo(bench.CredentialFile).LinkTarget);
        Assert.Single(server.Logs.Of(OverrideIgnored));
    }

    [Theory]
    [InlineData("missing folder")]
    [InlineData("folder is a file")]
    [InlineData("file is a folder")]
    public async Task Reload_FileCannotBeWritten_Is500AndNothingChanges(string how) // HZ-5
    {
        var old = Canaries.New("anthropic-oauth");
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Script);
        await server.ReloadAsync(AgentBench.Reload(1, old));
        var folder = Path.GetDirectoryName(bench.CredentialFile)!;
        if (how == "file is a folder")
        {
            File.Delete(bench.CredentialFile);
            Directory.CreateDirectory(Path.Combine(bench.CredentialFile, "full"));
        }
        else
        {
            Directory.Delete(folder, recursive: true);
            if (how == "folder is a file")
            {
                await File.WriteAllTextAsync(folder, "", Timeouts.Token);
            }
        }

        using var response = await server.PostReloadAsync(AgentBench.Reload(2, Canaries.New("anthropic-oauth")));

        Assert.Equal((500, "application/problem+json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        Assert.Equal((1, CredentialFingerprint.Of(old)), ((await server.StatusAsync()).Generation, (await server.StatusAsync()).Fingerprint));
        Assert.Equal(CredentialFingerprint.Of(old), (await server.RunAsync(new TaskRequest { Prompt = "x" })).Response);
        Assert.False(File.Exists(bench.CredentialFile + ".new"));
        Canaries.AssertAbsentFrom(server.Logs.Text + await response.Content.ReadAsStringAsync(Timeouts.Token), "log and reply");
    }

    [Fact]
    public async Task Reload_FailedOnce_SucceedsWhenTriedAgain()
    {
        await using var bench = new AgentBench();
        var folder = Path.GetDirectoryName(bench.CredentialFile)!;
        var server = await bench.StartAsync(Script);
        Directory.Delete(folder);
        var failed = await server.ReloadAsync(AgentBench.Reload(1, "a-token"));
        Directory.CreateDirectory(folder);

        var again = await server.ReloadAsync(AgentBench.Reload(1, "a-token"));

        Assert.Equal((500, 200), (failed.Status, again.Status));
    }

    [Fact]
    public async Task Start_WithAReloadedCredential_ItBeatsTheCreatedOne() // HR-14, HR-15
    {
        var reloaded = Canaries.New("anthropic-oauth");
        await using var bench = new AgentBench();
        var first = await bench.StartAsync(Script, AgentToken);
        first.Client.DefaultRequestHeaders.Authorization = new("Bearer", AgentToken);
        await first.ReloadAsync(AgentBench.Reload(2, reloaded));
        await first.StopAsync();

        var server = await bench.StartAsync(Script, AgentToken, settings: ["Credential:Token=created-token", "Credential:Generation=1"]);
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", AgentToken);

        Assert.Equal((2, CredentialFingerprint.Of(reloaded)), ((await server.StatusAsync()).Generation, (await server.StatusAsync()).Fingerprint));
        Assert.Equal(CredentialFingerprint.Of(reloaded), (await server.RunAsync(new TaskRequest { Prompt = "x" })).Response);
        Canaries.AssertAbsentFrom(server.Logs.Text, "the log");
    }

    [Fact]
    public async Task Start_CreatedWithANewerCredential_TheFileIsNotUsed() // HZ-2: A, B, and A again while stopped
    {
        await using var bench = new AgentBench();
        await (await bench.StartAsync(Script)).ReloadAsync(AgentBench.Reload(2, "token-b-0123456789"));

        var server = await bench.StartAsync(Script, settings: ["Credential:Token=token-a-0123456789", "Credential:Generation=3", $"Credential:SubscriptionId={AgentBench.Subscription(1)}"]);

        Assert.Equal((3, AgentBench.Subscription(1), CredentialFingerprint.Of("token-a-0123456789")), await IdentityAsync(server));
    }

    [Fact]
    public async Task Start_WithoutAFile_TheCreatedCredentialIsUsed() // HR-16, HR-17
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Script, settings: "Credential:Token=token-a-0123456789");

        Assert.Equal(CredentialFingerprint.Of("token-a-0123456789"), (await server.RunAsync(new TaskRequest { Prompt = "x" })).Response);
        Assert.Empty(server.Logs.Of(OverrideIgnored));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("garbage")]
    [InlineData("truncated")]
    [InlineData("one byte changed")]
    [InlineData("another agent's")]
    [InlineData("a fifo")]
    [InlineData("a folder")]
    [InlineData("huge")]
    public async Task Start_FileThatTheServerDidNotWrite_IsIgnoredWithOneWarning(string what) // HZ-11
    {
        await using var bench = new AgentBench();
        var first = await bench.StartAsync(Script, what == "another agent's" ? "the-token-of-another-agent" : AgentToken);
        first.Client.DefaultRequestHeaders.Authorization = new("Bearer", what == "another agent's" ? "the-token-of-another-agent" : AgentToken);
        Assert.Equal(200, (await first.ReloadAsync(AgentBench.Reload(2, Canaries.New("anthropic-oauth")))).Status);
        await first.StopAsync();
        await SpoilAsync(bench, what);

        var server = await bench.StartAsync(Script, AgentToken, settings: "Credential:Token=token-a-0123456789");

        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", AgentToken);
        Assert.Equal((0, null, CredentialFingerprint.Of("token-a-0123456789")), await IdentityAsync(server));
        Assert.Single(server.Logs.Of(OverrideIgnored));
        Canaries.AssertAbsentFrom(server.Logs.Text, "the log");
    }

    private static async Task SpoilAsync(AgentBench bench, string what)
    {
        var path = bench.CredentialFile;
        var bytes = await File.ReadAllBytesAsync(path, Timeouts.Token);
        File.Delete(path);
        switch (what)
        {
            case "a fifo":
                await bench.GateAsync(Path.GetRelativePath(bench.Folder, path));
                return;
            case "a folder":
                Directory.CreateDirectory(path);
                return;
            case "one byte changed":
                bytes[^10] ^= 1;
                break;
        }

        await File.WriteAllBytesAsync(path, what switch
        {
            "empty" => [],
            "garbage" => "no credential at all, but quite long, so that there could be a tag in it, and then some"u8.ToArray(),
            "truncated" => bytes[..^1],
            "huge" => [.. bytes, .. new byte[200_000]],
            _ => bytes,
        }, Timeouts.Token);
    }

    private static async Task<(long Generation, Guid? Subscription, string? Fingerprint)> IdentityAsync(RunningAgentServer server)
    {
        var status = await server.StatusAsync();
        return (status.Generation, status.SubscriptionId, status.Fingerprint);
    }
}
