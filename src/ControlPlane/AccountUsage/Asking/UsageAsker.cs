using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;

namespace Trinity.ControlPlane.AccountUsage.Asking;

/// <summary>Asks providers about accounts: of one account once at a time, over all control planes not more often than the floor allows, and a few at once.</summary>
internal sealed partial class UsageAsker(
    UsageCache cache, ProbeClaims claims, LimitsStore limits, HistoryStore history, AccountUsageMetrics metrics, IOptions<AccountUsageOptions> options, TimeProvider time, ILogger<UsageAsker> logger) : IDisposable
{
    private static readonly UsageReply TooEarly = new(UsageVerdict.Unavailable) { Problem = "It was asked about a moment ago." };

    private readonly SemaphoreSlim _places = new(options.Value.MaxProbes); // a page of accounts does not ask about all of them at once

    /// <summary>Null: it was asked about a moment ago, by whomever. Ends by itself, whether or not somebody waits.</summary>
    /// <exception cref="Npgsql.NpgsqlException">The database cannot say whether it is time: then nobody asks.</exception>
    public async Task<UsageAnswer?> AskAsync(UsageSubject subject, CancellationToken cancellationToken)
    {
        var answer = await cache.AskAsync(subject.Key, () => AskOnceAsync(subject)).WaitAsync(cancellationToken);
        return answer.Reply == TooEarly ? null : answer;
    }

    /// <summary>Asks without anybody waiting.</summary>
    public async Task AskInBackgroundAsync(UsageSubject subject)
    {
        try
        {
            await AskAsync(subject, CancellationToken.None);
        }
        catch (Exception exception)
        {
            Log.NotAsked(logger, subject.Account, exception.GetType().Name);
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<UsageAnswer> AskOnceAsync(UsageSubject subject)
    {
        if (await claims.TryClaimAsync(subject.Account, subject.Credential, options.Value.RefreshFloor, CancellationToken.None) is not { } claim)
        {
            return new UsageAnswer(TooEarly, subject.Credential, time.GetUtcNow());
        }

        var (reply, credential) = subject.IsInProcess ? await TakeTurnAsync(subject) : await subject.AskAsync(CancellationToken.None);
        var answer = new UsageAnswer(reply, credential, time.GetUtcNow());
        metrics.Asked(subject.Channel, reply.Verdict);
        await KeepAsync(subject, answer);
        await claims.FinishAsync(subject.Account, claim, reply, CancellationToken.None);
        return answer;
    }

    private async Task<(UsageReply, string)> TakeTurnAsync(UsageSubject subject)
    {
        await _places.WaitAsync();
        try
        {
            return await subject.AskAsync(CancellationToken.None);
        }
        finally
        {
            _places.Release();
        }
    }

    // Under the credential that it was said of, which is not always the one that the account has by now.
    private async Task KeepAsync(UsageSubject subject, UsageAnswer answer)
    {
        if (answer is { Reply: { Verdict: UsageVerdict.Known, Limits: { } said }, Credential.Length: > 0 })
        {
            await limits.WriteAsync(new LimitsReading(answer.Credential, LimitsSource.Probe, answer.Reply.Detail, said, answer.At), CancellationToken.None);
            await history.AddAsync(subject.Account, answer.Credential, said, answer.At, CancellationToken.None);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.AccountNotAsked, LogLevel.Warning, "Account {Account} could not be asked about ({Reason}).")]
        public static partial void NotAsked(ILogger logger, string account, string reason);
    }
}
