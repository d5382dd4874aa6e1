using System.Diagnostics;
using System.Text;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>The program's own verb, as a process: P-10, P-12.</summary>
public sealed class ProbeWorkerVerbTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    internal static WorkerCommand Verb => new("dotnet", BuildOutput.Service("ControlPlane"), WorkerCommand.Verb);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Verb_Requests_AreAnsweredLineByLine_AndItEndsWithItsInput()
    {
        using var process = Start();

        await process.StandardInput.WriteLineAsync("""{"id":1,"channel":"no such channel"}""");
        await process.StandardInput.WriteLineAsync("garbage");
        await process.StandardInput.WriteLineAsync("""{"id":2,"channel":"no such channel"}""");
        var replies = new List<WorkerReply?>();
        while (replies.Count < 3)
        {
            replies.Add(WorkerProtocol.ReadReply(Encoding.UTF8.GetBytes((await process.StandardOutput.ReadLineAsync(Timeouts.Token))!)));
        }

        process.StandardInput.Close(); // not before: who closes it wants no more answers
        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(Timeouts.Token));
        await process.WaitForExitAsync(Timeouts.Token);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(Timeouts.Token));
        Assert.Equal([(1, UsageVerdict.Unsupported), (0, UsageVerdict.Unavailable), (2, UsageVerdict.Unsupported)], replies.Select(reply => (reply!.Id, reply.Usage.Verdict)));
    }

    [Fact]
    public async Task Verb_NoInput_EndsWithoutAWord()
    {
        using var process = Start();

        process.StandardInput.Close();

        Assert.Equal("", await process.StandardOutput.ReadToEndAsync(Timeouts.Token));
        await process.WaitForExitAsync(Timeouts.Token);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Verb_Help_SaysWhatItIs()
    {
        var help = (await ChildProcess.RunAsync(new ChildProgram("dotnet", BuildOutput.Service("ControlPlane"), WorkerCommand.Verb, "--help"), Timeouts.Default)).Succeeded();

        Assert.Contains("Answers probes of one home", help.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("migrate", help.Output, StringComparison.Ordinal);
    }

    [Fact] // the whole of it with the real program: few homes more than may have workers, so that some have to go
    public async Task Verb_ProbedOverManyHomes_StaysWithinTheCap_AndNoneIsLeft()
    {
        var bench = new RealProberBench(Verb, options => (options.WorkerWait, options.MaxWorkers, options.MaxProbes, options.MaxProbesPerHome) = (Timeouts.Default, 4, 4, 3));

        var replies = await Task.WhenAll(Enumerable.Range(0, 60).Select(index => Task.Run(() => bench.ProbeAsync(_folder.File($"home{index / 10}"), "no such channel"))));

        Assert.All(replies, reply => Assert.Equal((UsageVerdict.Unsupported, false), (reply.Usage.Verdict, reply.Cold)));
        Assert.InRange(Workers(_folder.FullName).Count, 1, 4);
        var left = Workers(_folder.FullName);
        await bench.DisposeAsync();
        Assert.All(left, process => Assert.False(ScriptedWorkers.IsAlive(process)));
    }

    [Fact] // P-11, P-13: the home's own login, asked for over the wire
    public async Task Verb_Homes_AskWithTheirOwnLogins()
    {
        await using var upstream = await FakeProvider.StartAsync();
        upstream.Respond(request => FakeReply.Json(200, $$$"""{"data": {"limit": 10, "usage": {{{($"{request.Headers["Authorization"]}".Contains("-a-", StringComparison.Ordinal) ? 1 : 2)}}}}}"""));
        await using var bench = new RealProberBench(Verb, settings: Settings(upstream));
        var (a, b) = (Home("a", "OPENROUTER_API_KEY='sk-or-a-0123456789'"), Home("b", "OPENROUTER_API_KEY=sk-or-b-0123456789"));

        var replies = await Task.WhenAll(bench.ProbeAsync(a, UsageChannels.OpenRouter), bench.ProbeAsync(b, UsageChannels.OpenRouter), bench.ProbeAsync(Home("c", ""), UsageChannels.OpenRouter));

        Assert.Equal([UsageVerdict.Known, UsageVerdict.Known, UsageVerdict.NoCredential], replies.Select(reply => reply.Usage.Verdict));
        Assert.Equal([1, 2, null], replies.Select(reply => reply.Usage.Limits?.Credit?.Used));
        Assert.Equal(["Bearer sk-or-a-0123456789", "Bearer sk-or-b-0123456789"], upstream.Requests.Select(request => $"{request.Headers["Authorization"]}").Order(StringComparer.Ordinal));
        Assert.Equal(2, replies.Select(reply => reply.Credential).OfType<string>().Distinct(StringComparer.Ordinal).Count());
    }

    [Fact] // G-8: long before the channel's own limit
    public async Task Verb_UpstreamNeverAnswers_DisposeEndsItAfterTheGrace()
    {
        await using var upstream = await FakeProvider.StartAsync();
        upstream.Respond(_ => FakeReply.Never());
        await using var bench = new RealProberBench(Verb, settings: Settings(upstream));
        var hung = bench.ProbeAsync(Home("hung", $"CLAUDE_CODE_OAUTH_TOKEN={Canaries.New("anthropic-oauth")}"), UsageChannels.Anthropic);
        await upstream.WhenReceivedAsync();
        var worker = Assert.Single(Workers(_folder.FullName));

        await bench.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(UsageVerdict.Unavailable, (await hung).Usage.Verdict);
        Assert.False(ScriptedWorkers.IsAlive(worker));
    }

    [Fact] // "none left 10 s after kill -9 of the control plane": nothing but their pipes tells them, the idle ones and the one that hangs
    public async Task Verb_OwnerIsKilled_NoneIsLeft()
    {
        var report = _folder.File("report");
        await using var upstream = await FakeProvider.StartAsync();
        upstream.Respond(_ => FakeReply.Never());
        await using var owner = ChildProcess.Start(new ChildProgram(
            "dotnet", typeof(ProbeWorkerVerbTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(WorkersOwner).FullName}.{nameof(WorkersOwner.ProbeAndWait)}")
        {
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { [WorkersOwner.ReportVariable] = report, [WorkersOwner.UpstreamVariable] = upstream.BaseUrl },
        });
        await upstream.WhenReceivedAsync();
        await Eventually.TrueAsync(() => File.Exists(report) || owner.HasExited, "the owner has its workers");
        int[] workers = [.. ScriptedWorkers.NumbersIn(await File.ReadAllLinesAsync(report, Timeouts.Token))];
        Assert.Equal(3, workers.Length);
        Assert.All(workers, worker => Assert.True(ScriptedWorkers.IsAlive(worker)));

        using (var program = Process.GetProcessById(owner.ProgramId))
        {
            program.Kill(); // SIGKILL, to it alone: no handler of the process runs
        }

        await Eventually.TrueAsync(() => !Array.Exists(workers, ScriptedWorkers.IsAlive), "the workers have ended", TimeSpan.FromSeconds(10));
    }

    /// <summary>The living workers of the homes in a folder, as the system says.</summary>
    internal static IReadOnlyList<int> Workers(string folder) => [.. ScriptedWorkers.NumbersIn(Directory.GetDirectories("/proc")).Where(process => IsWorker(process, folder))];

    private static bool IsWorker(int process, string folder)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains(WorkerCommand.Verb, StringComparison.Ordinal) // one that nobody has waited for yet has none
                && File.ReadAllText($"/proc/{process}/environ").Contains($"\0HOME={folder}/", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static WorkerSettings Settings(FakeProvider upstream) => new(new(upstream.BaseUrl, upstream.BaseUrl, upstream.BaseUrl), AllowPrivateUpstreams: true);

    private string Home(string name, string environment)
    {
        Directory.CreateDirectory(_folder.File(name));
        _folder.Write($"{name}/.env", environment);
        return _folder.File(name);
    }

    private static Process Start()
    {
        var start = new ProcessStartInfo(Verb.FileName, Verb.Arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }
}
