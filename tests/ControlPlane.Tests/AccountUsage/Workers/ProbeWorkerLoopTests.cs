using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.Shared.Limits;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>The worker's side: P-10, P-12.</summary>
public sealed class ProbeWorkerLoopTests
{
    private readonly Pipe _input = new();
    private readonly Pipe _output = new();

    [Fact] // P-10, P-13
    public async Task Request_KnownChannel_IsAnsweredWithTheCredentialsFingerprint_AndTheNextAfterIt()
    {
        var limits = new PlanLimits { Status = "allowed", Windows = [new PlanWindow { Name = PlanWindows.FiveHour, Utilization = 0.25 }] };
        var running = RunAsync(new FakeChannel(_ => Task.FromResult(new UsageReply(UsageVerdict.Known) { Limits = limits, Detail = "headers", Paid = true })));

        var reply = WorkerProtocol.ReadReply(await AskAsync("""{"id":7,"channel":"fake"}"""));
        var second = WorkerProtocol.ReadReply(await AskAsync("""{"id":8,"channel":"fake"}"""));

        Assert.Equal((7, "fingerprint", UsageVerdict.Known, "headers", true), (reply!.Id, reply.Credential, reply.Usage.Verdict, reply.Usage.Detail, reply.Usage.Paid));
        Assert.Equal((limits with { Plan = "max" }).ToJson(), reply.Usage.Limits!.ToJson()); // the plan is what the login says of it
        Assert.Equal(8, second!.Id);
        await EndAsync(running);
    }

    [Theory]
    [InlineData("""{"id":1,"channel":"other"}""", 1, nameof(UsageVerdict.Unsupported))]
    [InlineData("""{"id":1,"channel":"empty"}""", 1, nameof(UsageVerdict.NoCredential))]
    [InlineData("""{"id":1,"channel":"broken"}""", 1, nameof(UsageVerdict.Unavailable))]
    [InlineData("""{"id":1}""", 0, nameof(UsageVerdict.Unavailable))]
    [InlineData("""{"id":1,"channel":null}""", 0, nameof(UsageVerdict.Unavailable))]
    [InlineData("null", 0, nameof(UsageVerdict.Unavailable))]
    [InlineData("", 0, nameof(UsageVerdict.Unavailable))]
    [InlineData("GET / HTTP/1.1", 0, nameof(UsageVerdict.Unavailable))]
    public async Task Request_ThatCannotBeServed_IsOneLineThatSaysSo(string request, long id, string verdict)
    {
        var canary = Canaries.New("anthropic-oauth");
        var running = RunAsync(new FakeChannel(_ => throw new InvalidOperationException(canary)));

        var line = await AskAsync(request);

        var reply = WorkerProtocol.ReadReply(line)!;
        Assert.Equal((id, verdict, null), (reply.Id, $"{reply.Usage.Verdict}", reply.Credential));
        Canaries.AssertAbsentFrom(Encoding.UTF8.GetString(line), "the reply");
        await EndAsync(running);
    }

    [Fact] // P-12: also while a probe hangs, and whatever it does about being cancelled
    public async Task EndOfInput_WhileAProbeHangs_EndsTheWorker()
    {
        var asked = new TaskCompletionSource();
        var running = RunAsync(new FakeChannel(_ =>
        {
            asked.SetResult();
            return new TaskCompletionSource<UsageReply>().Task;
        }));
        await WriteAsync("""{"id":1,"channel":"fake"}""");
        await asked.Task.WaitAsync(Timeouts.Token);

        await EndAsync(running);
    }

    [Fact] // P-12: a login on a file system that does not answer blocks its thread
    public async Task EndOfInput_WhileAThreadIsBlocked_EndsTheWorker()
    {
        using var blocked = new ManualResetEventSlim();
        using var free = new ManualResetEventSlim();
        var running = RunAsync(new FakeChannel(_ =>
        {
            blocked.Set();
            free.Wait(Timeouts.Token);
            return Task.FromResult(new UsageReply(UsageVerdict.Unavailable));
        }));
        await WriteAsync("""{"id":1,"channel":"fake"}""");
        blocked.Wait(Timeouts.Token);

        await EndAsync(running);
        free.Set();
    }

    [Fact] // P-10: answers come in the order of the requests, one at a time
    public async Task Request_WhileAnotherIsOpen_WaitsForItsAnswer()
    {
        var answers = new Queue<TaskCompletionSource<UsageReply>>([new(), new()]);
        var (first, second) = (answers.ElementAt(0), answers.ElementAt(1));
        var asked = 0;
        var running = RunAsync(new FakeChannel(_ =>
        {
            Interlocked.Increment(ref asked);
            return answers.Dequeue().Task;
        }));
        await WriteAsync("""{"id":1,"channel":"fake"}""");
        await WriteAsync("""{"id":2,"channel":"fake"}""");
        second.SetResult(new UsageReply(UsageVerdict.Unsupported));
        first.SetResult(new UsageReply(UsageVerdict.InvalidCredential));

        var lines = new BoundedLineReader(_output.Reader.AsStream(), WorkerProtocol.LongestLine);
        Assert.Equal(UsageVerdict.InvalidCredential, WorkerProtocol.ReadReply((await lines.ReadLineAsync(Timeouts.Token))!)!.Usage.Verdict);
        Assert.Equal(UsageVerdict.Unsupported, WorkerProtocol.ReadReply((await lines.ReadLineAsync(Timeouts.Token))!)!.Usage.Verdict);
        await EndAsync(running);
    }

    [Fact]
    public async Task Request_Endless_EndsTheWorker()
    {
        var running = RunAsync(new FakeChannel(_ => Task.FromResult(new UsageReply(UsageVerdict.Unavailable))));

        await _input.Writer.WriteAsync(new byte[5000], Timeouts.Token);

        await running.WaitAsync(Timeouts.Token);
    }

    [Fact]
    public void Reply_AsALine_HasNoLineEndInIt_AndSnakeCaseNames()
    {
        var line = Encoding.UTF8.GetString(WorkerProtocol.ToLine(new WorkerReply(1, new UsageReply(UsageVerdict.NoCredential) { Problem = "two\nlines" })));

        Assert.DoesNotContain('\n', line);
        Assert.Equal("""{"id":1,"usage":{"verdict":"NoCredential","detail":"","problem":"two\nlines","paid":false}}""", line);
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(line).ValueKind);
    }

    private Task RunAsync(FakeChannel channel) => new ProbeWorkerLoop(
        name => name is "fake" or "empty" or "broken" ? channel : null,
        name => name == "empty" ? new HomeLogin(null, "", null, null) : new HomeLogin(new UsageCredential(new SecretString("token")), "fingerprint", "max", null))
        .RunAsync(_input.Reader.AsStream(), _output.Writer.AsStream(), Timeouts.Token);

    private async Task WriteAsync(string line) => await _input.Writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), Timeouts.Token);

    private async Task<byte[]> AskAsync(string line)
    {
        await WriteAsync(line);
        return (await new BoundedLineReader(_output.Reader.AsStream(), WorkerProtocol.LongestLine).ReadLineAsync(Timeouts.Token))!;
    }

    private async Task EndAsync(Task running)
    {
        await _input.Writer.CompleteAsync();
        await running.WaitAsync(Timeouts.Token);
    }

    private sealed class FakeChannel(Func<UsageCredential, Task<UsageReply>> ask) : IUsageChannel
    {
        public string Name => "fake";

        public Task<UsageReply> AskAsync(UsageCredential credential, CancellationToken cancellationToken) => ask(credential);
    }
}
