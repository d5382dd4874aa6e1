using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>A prober whose workers are in memory, and whose clock the test moves.</summary>
internal sealed class ProberBench : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ILoggerFactory _loggers;

    public ProberBench(Action<AccountUsageOptions>? configure = null, TimeProvider? time = null)
    {
        configure?.Invoke(Settings);
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
        Metrics = new ProbeWorkerMetrics(Meters);
        Prober = new HomeProber(Options.Create(Settings), Workers, Metrics, time ?? Time, _loggers.CreateLogger<HomeProber>());
    }

    public AccountUsageOptions Settings { get; } = new();

    public FakeWorkers Workers { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public CapturedLogs Logs { get; } = new();

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public ProbeWorkerMetrics Metrics { get; }

    public HomeProber Prober { get; }

    public Task<ProbeReply> ProbeAsync(string home = "/a", string channel = "anthropic", CancellationToken? cancellationToken = null) =>
        Prober.ProbeAsync(home, channel, cancellationToken ?? Timeouts.Token);

    /// <summary>Starts a probe and waits until its worker was asked.</summary>
    public async Task<(Task<ProbeReply> Reply, FakeQuestion Question)> AskedAsync(string home = "/a", CancellationToken? cancellationToken = null)
    {
        var number = Workers.Questions.Count + 1;
        var reply = ProbeAsync(home, cancellationToken: cancellationToken);
        return (reply, await Workers.QuestionAsync(number));
    }

    /// <summary>A whole probe; the worker that answered it.</summary>
    public async Task<FakeWorkerProcess> AnsweredAsync(string home = "/a")
    {
        var (reply, question) = await AskedAsync(home);
        question.Answer();
        Assert.False((await reply).Cold);
        return question.Process;
    }

    public Task WhenGoneAsync(params FakeWorkerProcess[] processes) =>
        Workers.WhenAsync(() => Array.TrueForAll(processes, process => process.IsDisposed), "the workers should have been ended and waited for");

    public async ValueTask DisposeAsync()
    {
        Workers.HeedsEndOfInput = true;
        foreach (var process in Workers.Started)
        {
            process.Exit();
        }

        await Prober.DisposeAsync();
        Assert.Empty(Workers.Violations);
        Assert.Empty(Workers.Living);
        _loggers.Dispose();
        await _services.DisposeAsync();
    }
}
