using System.Globalization;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Asks how much of a home's account is left, in a process that has that home's environment: one of the pool's, or one for this probe alone.</summary>
/// <remarks>Never right or wrong by the pool's state: without a worker the answer is the same, and only costs a start.</remarks>
internal sealed partial class HomeProber : IHomeProber, IAsyncDisposable
{
    private const string NotStarted = "No worker could be started for this home.";

    private readonly ProbeGate _gate;
    private readonly ProbeWorkerPool _pool;
    private readonly AccountUsageOptions _options;
    private readonly ProbeWorkerMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public HomeProber(IOptions<AccountUsageOptions> options, IWorkerLauncher launcher, ProbeWorkerMetrics metrics, TimeProvider time, ILogger<HomeProber> logger)
    {
        (_options, _metrics, _time, _logger) = (options.Value, metrics, time, logger);
        _gate = new ProbeGate(_options.MaxProbes, _options.MaxProbesPerHome);
        _pool = new ProbeWorkerPool(_options, launcher, metrics, time, logger);
    }

    /// <summary>How many processes there are, those that start or end included.</summary>
    public int Processes => _pool.Processes.Count;

    /// <summary>Throws for nothing but the caller's own cancellation: what goes wrong is <see cref="UsageVerdict.Unavailable"/>, with a sentence.</summary>
    public async Task<ProbeReply> ProbeAsync(string home, string channel, CancellationToken cancellationToken)
    {
        var path = HomePath.Normalise(home);
        using var turn = await _gate.EnterAsync(path, cancellationToken); // the last to be given back: who has left the gate has no process
        using var deadline = new CancellationTokenSource(_options.ProbeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var isCold = false;
        ProbeReply reply;
        try
        {
            using var lease = await _pool.ClaimAsync(path, either.Token);
            isCold = lease is null;
            reply = lease is null ? await AskOnceAsync(path, channel, either.Token) : await AskAsync(lease, channel, either.Token);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            reply = Failed(Describe(exception), isCold);
            Log.NoAnswer(_logger, path, channel, reply.Usage.Problem!);
        }

        _metrics.Probed(channel, reply);
        return reply;
    }

    /// <summary>The home's environment or logins have changed: the next probe gets a process that knows the new ones. Waits for nothing.</summary>
    public void Flush(string home) => _pool.Flush(HomePath.Normalise(home));

    public void FlushAll() => _pool.FlushAll();

    /// <summary>Ends all processes, within a grace for those that are busy. Probes that still come are answered that there is no worker.</summary>
    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private static async Task<ProbeReply> AskAsync(WorkerLease lease, string channel, CancellationToken cancellationToken)
    {
        var isAnswered = false;
        try
        {
            if (await lease.ProcessAsync(cancellationToken) is not { } process)
            {
                isAnswered = true; // there is nothing to break
                return Failed(NotStarted, isCold: false);
            }

            var reply = await WorkerConversation.AskAsync(process, lease.Worker.NextId(), channel, cancellationToken);
            isAnswered = true;
            return new ProbeReply(reply.Usage, reply.Credential, Cold: false);
        }
        finally
        {
            if (!isAnswered)
            {
                lease.Break();
            }
        }
    }

    private async Task<ProbeReply> AskOnceAsync(string home, string channel, CancellationToken cancellationToken)
    {
        if (await _pool.Processes.StartAsync(home, cancellationToken) is not { } process)
        {
            return Failed(NotStarted, isCold: true);
        }

        _metrics.ColdStart(_options.WorkerWait > TimeSpan.Zero ? "waited" : "busy");
        try
        {
            var reply = await WorkerConversation.AskAsync(process, 1, channel, cancellationToken);
            return new ProbeReply(reply.Usage, reply.Credential, Cold: true);
        }
        finally
        {
            _pool.Processes.End(process);
        }
    }

    private static ProbeReply Failed(string problem, bool isCold) => new(new UsageReply(UsageVerdict.Unavailable) { Problem = problem }, null, isCold);

    private string Describe(Exception exception) => exception switch
    {
        OperationCanceledException => string.Create(CultureInfo.InvariantCulture, $"There was no answer within {_options.ProbeTimeout.TotalSeconds:0.###} seconds."),
        EndOfStreamException => "The worker ended without an answer.",
        InvalidDataException => "The worker answered what cannot be read.",
        _ => "The worker could not be asked.",
    };

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.ProbeWithoutAnswer, LogLevel.Warning, "A probe of the home {Home} over {Channel} got no answer: {Problem}")]
        public static partial void NoAnswer(ILogger logger, string home, string channel, string problem);
    }
}
