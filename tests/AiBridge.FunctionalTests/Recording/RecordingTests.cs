using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.FunctionalTests.Recording;

public sealed class RecordingTests
{
    [Fact]
    public async Task Record_TellsTheWholeExchange()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var token = await bench.Config.AddVirtualKeyAsync("robot's", agent: "robot");
        await bench.AppliedAsync();
        bench.Expect(Models.Messages).Reply(Models.Streaming(Models.Messages));
        using var request = bench.Request(Models.Messages, stream: true);
        request.Headers.Authorization = new("Bearer", token);
        request.Headers.TryAddWithoutValidation("User-Agent", "claude-cli/2.1.86");

        using var reply = await bench.SendAsync(request);
        _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);

        var record = await bench.RecordedAsync(reply);
        Assert.Equal(("anthropic", "anthropic", "/v1/messages", "m", "Claude Code"), (record.Provider, record.ProviderType, record.Route, record.Model, record.Client));
        Assert.Equal(("robot's", "robot", "centralized", "sk-k...6789"), (record.Caller, record.Agent, record.CredentialKind, record.KeyHint));
        Assert.Equal(bench.Bridge.Snapshot!.Generation, record.Generation);
        Assert.InRange(record.FirstByteMs!.Value, 0, record.DurationMs);
    }

    [Fact]
    public async Task ManyExchanges_AreEachRecordedOnce()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        var ids = new System.Collections.Concurrent.ConcurrentBag<string>();

        await Parallel.ForAsync(0, 600, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (_, _) =>
        {
            using var reply = await bench.SendAsync(bench.Request(Models.Responses));
            ids.Add(reply.Headers.GetValues("X-Trinity-Interception-Id").Single());
        });

        await Eventually.TrueAsync(async () => await CountAsync(bench) >= 600, "all are recorded");
        Assert.Equal(600, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal((600, 600, 600L * 34), (await CountAsync(bench), await bench.Database.ScalarAsync<long>("select count(*) from token_usages"), (long)await bench.Database.ScalarAsync<decimal>("select sum(output) from token_usages")));
    }

    [Fact]
    public async Task DatabaseOutage_DelaysRecordsAndNothingElse()
    {
        await using var bench = await TestBench.StartAsync(["openai"], startBridge: false);
        await using var proxy = new TcpFaultProxy(bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2 }.ConnectionString;
        await using var bridge = await BridgeHost.StartAsync(connection, bench.EncryptionKeys);
        await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(bridge.Url);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));

        proxy.Fault = TcpFault.Close;
        for (var i = 0; i < 50; i++)
        {
            using var reply = await client.SendAsync(bench.Request(Models.Responses), Timeouts.Token);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        await bridge.Logs.WhenLoggedAsync(EventIds.RecordsNotWritten);
        Assert.Equal(0, await CountAsync(bench));
        proxy.Fault = TcpFault.None;

        await Eventually.TrueAsync(async () => await CountAsync(bench) >= 50, "the records arrive once the database is back");
        Assert.Equal((50, 50), (await CountAsync(bench), await bench.Database.ScalarAsync<long>("select count(*) from token_usages")));
    }

    [Fact]
    public async Task DatabaseOutage_UntilAfterTheShutdown_TheNextStartWritesWhatWasKept()
    {
        await using var bench = await TestBench.StartAsync(["openai"], startBridge: false);
        await using var proxy = new TcpFaultProxy(bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2 }.ConnectionString;
        var data = Directory.CreateTempSubdirectory("trinity-kept-");
        var clock = new ManualTimeProvider();
        await using (var bridge = await BridgeHost.StartAsync(connection, bench.EncryptionKeys, data: data.FullName, configure: builder => builder.Services.AddSingleton<TimeProvider>(clock)))
        {
            await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
            using var client = LoopbackHttp.CreateClient(bridge.Url);
            bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
            proxy.Fault = TcpFault.Close;
            await Parallel.ForAsync(0, 50, async (_, _) => (await client.SendAsync(bench.Request(Models.Responses), Timeouts.Token)).Dispose());
            await Eventually.TrueAsync(() => KeptIn(data) == 50, "all records are on disk");
            Assert.Equal(50, HostMetrics.Gauge(bridge, "trinity_record_queue_length"));

            var stopping = bridge.StopAsync();
            await Eventually.TrueAsync(
                () =>
                {
                    clock.Advance(TimeSpan.FromSeconds(1)); // Postgres gets its time
                    return stopping.IsCompleted;
                },
                "the bridge stops");
            await stopping;

            Assert.Contains("50 records wait", Assert.Single(bridge.Logs.Of(EventIds.RecordsKeptAtShutdown)).Message, StringComparison.Ordinal);
            Assert.Empty(bridge.Logs.Of(EventIds.RecordsLostAtShutdown));
        }

        proxy.Fault = TcpFault.None;
        await using (await BridgeHost.StartAsync(connection, bench.EncryptionKeys, data: data.FullName))
        {
            await Eventually.TrueAsync(async () => await CountAsync(bench) == 50 && KeptIn(data) == 0, "the next start writes them, and keeps them no longer");
        }

        Assert.Equal(50, await bench.Database.ScalarAsync<long>("select count(*) from token_usages"));
        data.Delete(recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task DatabaseOutage_WithoutAJournal_RecordsWaitInMemoryUntilThereIsOne(bool comesBack)
    {
        await using var bench = await TestBench.StartAsync(["openai"], startBridge: false);
        await using var proxy = new TcpFaultProxy(bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2 }.ConnectionString;
        var data = Directory.CreateTempSubdirectory("trinity-nojournal-");
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "records"), "in the way", Timeouts.Token);
        await using (var bridge = await BridgeHost.StartAsync(connection, bench.EncryptionKeys, data: data.FullName))
        {
            await bridge.WhenAppliedAsync(await bench.Config.RevisionAsync());
            using var client = LoopbackHttp.CreateClient(bridge.Url);
            bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));

            proxy.Fault = TcpFault.Close;
            await Parallel.ForAsync(0, 50, async (_, _) => (await client.SendAsync(bench.Request(Models.Responses), Timeouts.Token)).Dispose());
            await bridge.Logs.WhenLoggedAsync(EventIds.RecordsNotWritten);
            Assert.Equal(0, await CountAsync(bench));
            if (comesBack)
            {
                File.Delete(Path.Combine(data.FullName, "records"));
                await bridge.Logs.WhenLoggedAsync(EventIds.JournalRecovered);
                await Eventually.TrueAsync(() => KeptIn(data) == 50, "the records are on disk while Postgres is still away");
            }

            proxy.Fault = TcpFault.None;

            await Eventually.TrueAsync(async () => await CountAsync(bench) == 50, "the records arrive once the database is back");
            Assert.Single(bridge.Logs.Of(EventIds.JournalNotWritten));
        }

        data.Delete(recursive: true);
    }

    [Fact]
    public async Task FileTornByACrash_WhatIsWholeIsWrittenAndTheFileIsSetAside()
    {
        const string Record = """{"Id":"00000000-0000-0000-0000-000000000007","Provider":"p","Client":"c","Streaming":false,"Status":200,"Outcome":"Completed","Attempts":1,"Generation":1,"StartedAt":"2030-01-01T00:00:00+00:00","DurationMilliseconds":1.5}""";
        await using var bench = await TestBench.StartAsync([], startBridge: false);
        var data = Directory.CreateTempSubdirectory("trinity-torn-");
        var file = JournalFile.Named(data.CreateSubdirectory("records").FullName, 1, 2, 0).Path;
        await File.WriteAllTextAsync(file, $"{Record}\n{Record[..50]}", Timeouts.Token);

        await using (await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data.FullName))
        {
            await Eventually.TrueAsync(() => File.Exists(file + ".unreadable"), "the file is set aside");
        }

        Assert.Equal((1, false), (await CountAsync(bench), File.Exists(file)));
        data.Delete(recursive: true);
    }

    [Fact]
    public async Task FileThatCannotBeRead_HoldsUpNothingAndIsTriedAgain()
    {
        const string Record = """{"Id":"00000000-0000-0000-0000-000000000007","Provider":"p","Client":"c","Streaming":false,"Status":200,"Outcome":"Completed","Attempts":1,"Generation":1,"StartedAt":"2030-01-01T00:00:00+00:00","DurationMilliseconds":1.5}""";
        await using var bench = await TestBench.StartAsync([], startBridge: false);
        var data = Directory.CreateTempSubdirectory("trinity-unread-");
        var folder = data.CreateSubdirectory("records").FullName;
        var (bad, good) = (JournalFile.Named(folder, 1, 1, 0).Path, JournalFile.Named(folder, 2, 1, 0).Path);
        File.CreateSymbolicLink(bad, "/proc/self/mem"); // reading its beginning is an error
        await File.WriteAllTextAsync(good, Record, Timeouts.Token);
        var clock = new ManualTimeProvider();

        await using (var bridge = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data.FullName, configure: builder => builder.Services.AddSingleton<TimeProvider>(clock)))
        {
            await Eventually.TrueAsync(async () => await CountAsync(bench) == 1 && !File.Exists(good), "the file behind it is written");
            Assert.Equal([bad], Directory.GetFiles(folder));
            Assert.Contains(bad, Assert.Single(bridge.Logs.Of(EventIds.JournalUnreadable)).Message, StringComparison.Ordinal);
            await File.WriteAllTextAsync(bad + ".whole", Record.Replace("7", "8", StringComparison.Ordinal), Timeouts.Token);
            File.Move(bad + ".whole", bad, overwrite: true);

            clock.Advance(TimeSpan.FromMinutes(1));

            await Eventually.TrueAsync(async () => await CountAsync(bench) == 2 && !File.Exists(bad), "it is written once it can be read");
        }

        data.Delete(recursive: true);
    }

    [Fact]
    public async Task TableThatIsLocked_BlocksNoReply()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var lockTable = new NpgsqlCommand("lock table interceptions in access exclusive mode", connection, transaction))
        {
            await lockTable.ExecuteNonQueryAsync();
        }

        for (var i = 0; i < 20; i++)
        {
            using var reply = await bench.SendAsync(bench.Request(Models.Responses));
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        await transaction.RollbackAsync();
        await Eventually.TrueAsync(async () => await CountAsync(bench) == 20, "the records arrive once the lock is gone");
    }

    [Fact]
    public async Task RecordThatPostgresRefuses_DoesNotHoldUpTheOthers()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        await bench.Database.ExecuteAsync("alter table interceptions add constraint refuses check (model <> 'poison')");
        foreach (var model in new[] { "a", "poison", "b" })
        {
            using var reply = await bench.SendAsync(bench.Post("/openai/v1/responses", $$"""{"model":"{{model}}"}"""));
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        await bench.Bridge.Logs.WhenLoggedAsync(log => log.EventId.Id == EventIds.RecordsNotWritten && log.Message.Contains("given up", StringComparison.Ordinal));
        await Eventually.TrueAsync(async () => await CountAsync(bench) == 2, "the others are recorded");
        await Eventually.TrueAsync(() => Directory.GetFiles(Path.Combine(bench.Bridge.Data, "records"), "*.refused").Length == 1, "the refused one is set aside");
        Assert.Contains("poison", await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(bench.Bridge.Data, "records"), "*.refused").Single(), Timeouts.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batch_WrittenTwice_ChangesNothing()
    {
        await using var bench = await TestBench.StartAsync([]);
        var store = bench.Bridge.Services.GetRequiredService<InterceptionStore>();
        Interception[] batch =
        [
            .. Enumerable.Range(0, 3).Select(i => new Interception
            {
                Id = Guid.CreateVersion7(), Provider = "p", Client = "c", Streaming = false, Status = 200, Outcome = Outcome.Completed, Attempts = 1, Generation = 1,
                StartedAt = DateTimeOffset.UnixEpoch, DurationMilliseconds = i, TokenUsage = new(1, 2, 3, 4, 5), ToolUsages = [new("c1", "t", null), new("c2", "t", "{}")],
            }),
        ];

        await store.WriteAsync(batch, Timeouts.Token);
        await store.WriteAsync(batch, Timeouts.Token);

        Assert.Equal((3, 3, 6), (await CountAsync(bench), await bench.Database.ScalarAsync<long>("select count(*) from token_usages"), await bench.Database.ScalarAsync<long>("select count(*) from tool_usages")));
    }

    [Fact]
    public async Task TextThatPostgresCannotStore_IsMadeStorable()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Expect(Models.Messages).Reply(FakeReply.Json(200, """{"usage":{"input_tokens":1,"output_tokens":2},"content":[{"type":"tool_use","id":"t\u0000","name":"n\u0000","input":{"x":"\u0000\ud800"}}]}"""));
        using var request = bench.Post("/anthropic/v1/messages", """{"model":"mo\u0000del 😀","metadata":{"user_id":"u_session_s\u0000x"}}""");
        request.Headers.TryAddWithoutValidation("User-Agent", "claude-cli/1");

        using var reply = await bench.SendAsync(request);

        var record = await bench.RecordedAsync(reply);
        Assert.Equal(("mo\ufffddel 😀", "s\ufffdx", 1), (record.Model, record.SessionId, record.Input));
        Assert.Equal(("t\ufffd", "n\ufffd", """{"x":"\u0000\ud800"}"""), record.Tools.Select(tool => (tool.ToolCallId, tool.Tool, tool.Input)).Single());
    }

    [Fact]
    public async Task EndlessModel_IsCut()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        bench.Expect(Models.Responses).Reply(Models.Blocking(Models.Responses));

        using var reply = await bench.SendAsync(bench.Post("/openai/v1/responses", $$"""{"model":"{{new string('m', 1_000_000)}}"}"""));

        Assert.Equal(256, (await bench.RecordedAsync(reply)).Model!.Length);
    }

    [Fact]
    public async Task ToolInput_IsLeftOutWhereItIsNotWanted()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:RecordToolInput=false"]);
        bench.Expect(Models.Messages).Reply(AnthropicMessage.Saying("Hi.").ToolUse("toolu_1", "Read", """{"path":"secret"}""").Streaming());

        using var reply = await bench.SendAsync(bench.Request(Models.Messages, stream: true));
        _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);

        Assert.Equal(("toolu_1", "Read", null), (await bench.RecordedAsync(reply)).Tools.Select(tool => (tool.ToolCallId, tool.Tool, tool.Input)).Single());
    }

    [Fact]
    public async Task Flood_WithoutAValidKey_IsCountedButNotRecordedInFull()
    {
        var time = new ManualTimeProvider(); // one second, however long it takes
        await using var bench = await TestBench.StartAsync(["anthropic"], configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        using var metrics = new HostMetrics(bench.Bridge);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Messages));
        foreach (var token in new[] { "", "nonsense", Shared.Configuration.VirtualKeyToken.Create() })
        {
            for (var i = 0; i < 40; i++)
            {
                using var request = bench.Request(Models.Messages);
                request.Headers.Authorization = token.Length == 0 ? null : new("Bearer", token);
                using var reply = await bench.SendAsync(request);
                Assert.Equal(HttpStatusCode.Unauthorized, reply.StatusCode);
            }
        }

        using var valid = await bench.SendAsync(bench.Request(Models.Messages));

        Assert.Equal("completed", (await bench.RecordedAsync(valid)).Outcome); // who has a key is recorded all the same, and last
        Assert.Equal(AnonymousQuota.PerSecond + 1, await CountAsync(bench));
        Assert.Equal((40, 80), (metrics.Sums["trinity_rejections{code=no_virtual_key,status=401}"], metrics.Sums["trinity_rejections{code=unknown_virtual_key,status=401}"]));
    }

    [Fact]
    public async Task Labels_ThatClientsChoose_StayBounded()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        using var metrics = new HostMetrics(bench.Bridge);
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        for (var i = 0; i < 150; i++)
        {
            using var reply = await bench.SendAsync(bench.Post("/openai/v1/responses", $$"""{"model":"model-{{i}}"}"""));
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        }

        using var odd = await bench.SendAsync(bench.Post("/openai/v1/responses", """{"model":"a\"b\\c\nd"}"""));
        _ = await bench.RecordedAsync(odd);

        var series = metrics.Sums.Where(series => series.Key.StartsWith("trinity_interceptions{", StringComparison.Ordinal)).ToList();
        Assert.Equal(101, series.Count);
        Assert.Equal(51, Assert.Single(series, each => each.Key.Contains("model=other,", StringComparison.Ordinal)).Value);
    }

    private static int KeptIn(DirectoryInfo data) => Directory.GetFiles(Path.Combine(data.FullName, "records")).Sum(path => int.Parse(Path.GetFileNameWithoutExtension(path).Split('-')[1], CultureInfo.InvariantCulture));

    private static Task<long> CountAsync(TestBench bench) => bench.Database.ScalarAsync<long>("select count(*) from interceptions");
}
