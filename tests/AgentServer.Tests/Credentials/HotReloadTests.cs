using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Credentials;

/// <summary>HR-1 to HR-9: what a reload does to tasks that run, to those that come, and to what others see of it.</summary>
public sealed class HotReloadTests
{
    /// <summary>Says on which token it runs, waits to be let go, and says it again: the environment is the process's own.</summary>
    private const string Waits = """
        prompt=$(cat)
        printf %s "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c1-16
        touch "$BENCH/started-$prompt"
        read go < "$BENCH/gate-$prompt"
        printf %s "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c1-16
        """;

    private const string SaysFingerprint = """printf %s "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c1-16""";

    [Fact]
    public async Task Reload_DuringATask_TaskKeepsTheOldTokenAndTheNextHasTheNewOne() // HR-1, HR-3, HR-4, HZ-3
    {
        var (old, next) = (Canaries.New("anthropic-oauth"), Canaries.New("anthropic-oauth"));
        await using var bench = new AgentBench();
        var gates = (await bench.GateAsync("gate-one"), await bench.GateAsync("gate-two"));
        var server = await bench.StartAsync(Waits);
        Assert.Equal(200, (await server.ReloadAsync(AgentBench.Reload(1, old))).Status);
        var running = server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "one" });
        await bench.WhenWrittenAsync("started-one");

        var (status, reply) = await server.ReloadAsync(AgentBench.Reload(2, next));
        var second = server.RunAsync(new TaskRequest { TaskId = "two", Prompt = "two" });
        await bench.WhenWrittenAsync("started-two");
        var between = await server.StatusAsync();
        await AgentBench.ReleaseAsync(gates.Item1);
        await AgentBench.ReleaseAsync(gates.Item2);
        var (first, last) = (await running, await second);

        var (oldPrint, newPrint) = (CredentialFingerprint.Of(old), CredentialFingerprint.Of(next));
        Assert.Equal((200, "success", true, 2, newPrint), (status, reply.GetProperty("status").GetString(), reply.GetProperty("reloaded").GetBoolean(), reply.GetProperty("generation").GetInt32(), reply.GetProperty("fingerprint").GetString()));
        Assert.Equal((TaskOutcome.Completed, $"{oldPrint}\n{oldPrint}"), (first.Outcome, first.Response));
        Assert.Equal((TaskOutcome.Completed, $"{newPrint}\n{newPrint}"), (last.Outcome, last.Response));
        Assert.Equal((1, oldPrint, AgentBench.Subscription(1)), (first.Generation, first.Fingerprint, first.SubscriptionId)); // what it fails of would be booked here
        Assert.Equal((2, newPrint, AgentBench.Subscription(2)), (last.Generation, last.Fingerprint, last.SubscriptionId));
        Assert.Equal([new RunningTasks(1, AgentBench.Subscription(1), oldPrint, 1), new RunningTasks(2, AgentBench.Subscription(2), newPrint, 1)], between.RunningTasks);
        Assert.Empty((await server.StatusAsync()).RunningTasks);
        Canaries.AssertAbsentFrom(server.Logs.Text, "the log"); // HR-8
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    public async Task Reload_EmptyToken_Is400AndNothingChanges(string? token) // HR-2
    {
        var old = Canaries.New("anthropic-oauth");
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);
        await server.ReloadAsync(AgentBench.Reload(1, old));
        var before = await File.ReadAllBytesAsync(bench.CredentialFile, Timeouts.Token);

        var (status, body) = await server.ReloadAsync(AgentBench.Reload(2, "") with { Token = token });

        Assert.Equal((400, true), (status, body.GetProperty("errors").TryGetProperty("token", out _)));
        Assert.Equal(before, await File.ReadAllBytesAsync(bench.CredentialFile, Timeouts.Token));
        Assert.Equal(1, (await server.StatusAsync()).Generation);
        Assert.Equal(CredentialFingerprint.Of(old), (await server.RunAsync(new TaskRequest { Prompt = "x" })).Response);
    }

    [Fact]
    public async Task Reload_OutOfOrder_OlderIsRefusedWithTheCurrentGeneration() // HZ-13
    {
        var newest = Canaries.New("anthropic-oauth");
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);
        await server.ReloadAsync(AgentBench.Reload(3, newest));

        var (status, body) = await server.ReloadAsync(AgentBench.Reload(2, Canaries.New("anthropic-oauth")));

        Assert.Equal((409, "stale_generation", 3), (status, body.GetProperty("code").GetString(), body.GetProperty("generation").GetInt32()));
        Assert.Equal(CredentialFingerprint.Of(newest), (await server.RunAsync(new TaskRequest { Prompt = "x" })).Response);
    }

    [Fact]
    public async Task Reload_Concurrently_HighestGenerationHoldsInMemoryAndOnDisk() // HZ-13
    {
        var tokens = Enumerable.Range(1, 20).Select(_ => Canaries.New("anthropic-oauth")).ToList();
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);

        var replies = await Task.WhenAll(tokens.Select((token, i) => server.ReloadAsync(AgentBench.Reload(i + 1, token))));

        Assert.All(replies, reply => Assert.Contains(reply.Status, new[] { 200, 409 }));
        Assert.Equal((20, CredentialFingerprint.Of(tokens[^1])), ((await server.StatusAsync()).Generation, (await server.StatusAsync()).Fingerprint));
        var restarted = await bench.StartAsync(SaysFingerprint);
        Assert.Equal(20, (await restarted.StatusAsync()).Generation);
    }

    [Fact]
    public async Task Reload_SameRequestAgain_SameReply() // HZ-6: a caller that timed out may ask again
    {
        var (first, second) = (Canaries.New("anthropic-oauth"), Canaries.New("anthropic-oauth"));
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);
        var one = await server.ReloadAsync(AgentBench.Reload(1, first));
        await server.ReloadAsync(AgentBench.Reload(2, second));

        var again = await server.ReloadAsync(AgentBench.Reload(1, first));

        Assert.Equal((200, one.Body.ToString()), (again.Status, again.Body.ToString()));
        Assert.Equal(2, (await server.StatusAsync()).Generation);
    }

    [Fact]
    public async Task Reload_SameRequestAfterARestart_SameReply()
    {
        var request = AgentBench.Reload(7, Canaries.New("anthropic-oauth"));
        await using var bench = new AgentBench();
        var one = await (await bench.StartAsync(SaysFingerprint)).ReloadAsync(request);

        var again = await (await bench.StartAsync(SaysFingerprint)).ReloadAsync(request);

        Assert.Equal((200, one.Body.ToString()), (again.Status, again.Body.ToString()));
    }

    [Theory]
    [InlineData("request-1", "request_id_conflict")]
    [InlineData("another", "generation_conflict")]
    public async Task Reload_SameGenerationWithAnotherToken_Is409(string requestId, string code)
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);
        await server.ReloadAsync(AgentBench.Reload(1, Canaries.New("anthropic-oauth")));

        var (status, body) = await server.ReloadAsync(AgentBench.Reload(1, Canaries.New("anthropic-oauth"), requestId) with { SubscriptionId = AgentBench.Subscription(1) });

        Assert.Equal((409, code, 1), (status, body.GetProperty("code").GetString(), body.GetProperty("generation").GetInt32()));
    }

    [Fact]
    public async Task Reload_InvalidRequest_EveryKindIsNamed()
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysFingerprint);
        var good = AgentBench.Reload(1, "a-token");

        foreach (var (request, field) in new[]
        {
            (good with { RequestId = "" }, "request_id"),
            (good with { RequestId = "a b" }, "request_id"),
            (good with { Generation = 0 }, "generation"),
            (good with { Token = "a\nb" }, "token"),
            (good with { VirtualKey = "x\r\nX-Evil: 1" }, "virtual_key"),
            (good with { BaseUrl = "file:///etc/passwd" }, "base_url"),
        })
        {
            var (status, body) = await server.ReloadAsync(request);
            Assert.Equal((400, field), (status, body.GetProperty("errors").EnumerateObject().Single().Name));
        }

        Assert.Equal(0, (await server.StatusAsync()).Generation);
    }

    [Fact]
    public async Task Revoke_WipesMemoryAndFile_AndNewTasksAre503()
    {
        var token = Canaries.New("anthropic-oauth");
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Waits);
        await server.ReloadAsync(AgentBench.Reload(1, token));
        var running = server.RunAsync(new TaskRequest { Prompt = "one" });
        await bench.WhenWrittenAsync("started-one");

        var (status, _) = await server.ReloadAsync(new ReloadTokenRequest { RequestId = "r", Generation = 2, Revoke = true });
        using var refused = await server.PostTaskAsync(new TaskRequest { Prompt = "two" });
        var after = await server.StatusAsync();
        await AgentBench.ReleaseAsync(gate);

        Assert.Equal(200, status);
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.Contains("no_credential", await refused.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
        Assert.Equal((true, 2, null), (after.Revoked, after.Generation, after.Fingerprint));
        Assert.Equal(1, Assert.Single(after.RunningTasks).Generation); // still on the revoked one
        Canaries.AssertAbsentFrom(await File.ReadAllTextAsync(bench.CredentialFile, Timeouts.Token), "the credential file");
        Assert.Equal(TaskOutcome.Completed, (await running).Outcome);
        var restarted = await bench.StartAsync(Waits, settings: "Credential:Token=" + token); // what it was created with does not come back
        Assert.True((await restarted.StatusAsync()).Revoked);
        Assert.Equal(200, (await restarted.ReloadAsync(AgentBench.Reload(3, token))).Status);
        Assert.False((await restarted.StatusAsync()).Revoked);
    }

    [Fact]
    public async Task RemoveApiKey_TakesItFromNewTasks_AndAbsentKeepsIt() // HR-5
    {
        const string SaysWhatIsSet = """echo "${ANTHROPIC_API_KEY:+key} ${ANTHROPIC_AUTH_TOKEN:+auth} ${ANTHROPIC_CUSTOM_HEADERS:+header} ${CLAUDE_CODE_OAUTH_TOKEN:+oauth}" """;
        var virtualKey = new ReloadTokenRequest { RequestId = "a", Generation = 1, VirtualKey = "trk_0123456789" };
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(SaysWhatIsSet, settings: "ApiKey=" + Canaries.New("anthropic-key"));

        var before = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await server.ReloadAsync(virtualKey);
        var kept = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await server.ReloadAsync(virtualKey with { RequestId = "b", Generation = 2, RemoveApiKey = true });
        var removed = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await server.ReloadAsync(virtualKey with { RequestId = "c", Generation = 3 });
        var stillRemoved = await server.RunAsync(new TaskRequest { Prompt = "x" });
        await server.ReloadAsync(virtualKey with { RequestId = "d", Generation = 4, Token = "a-token" });
        var besideAToken = await server.RunAsync(new TaskRequest { Prompt = "x" });

        Assert.Equal(["key   ", "key  header ", " auth  ", " auth  ", "  header oauth"], new[] { before, kept, removed, stillRemoved, besideAToken }.Select(task => task.Response));
    }

    [Fact]
    public async Task Reload_TouchesOneFileAndNoProcess() // HR-6, HR-7, HZ-12
    {
        await using var bench = new AgentBench();
        await File.WriteAllTextAsync(Path.Combine(bench.Home, ".env"), "CLAUDE_CODE_OAUTH_TOKEN=stale\nANTHROPIC_API_KEY=stale\n", Timeouts.Token);
        var server = await bench.StartAsync("""echo "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c1-16; echo "$ANTHROPIC_API_KEY" """);

        await server.ReloadAsync(AgentBench.Reload(1, "token-0123456789"));
        var task = await server.RunAsync(new TaskRequest { Prompt = "x" });

        Assert.Equal([bench.CredentialFile], Directory.EnumerateFiles(Path.GetDirectoryName(bench.CredentialFile)!));
        Assert.Equal([".env"], Directory.EnumerateFileSystemEntries(bench.Home).Select(Path.GetFileName));
        Assert.Equal(CredentialFingerprint.Of("token-0123456789\n"), task.Response!.Trim()); // the home folder's file shadows nothing
    }
}
