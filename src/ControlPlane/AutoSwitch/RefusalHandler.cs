using System.Globalization;
using System.Text.Json;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Hosting;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Makes failures of what bridges saw refused: whose credential it was, what the provider said of its limits, and then what follows.</summary>
internal sealed partial class RefusalHandler(
    RefusalStore refusals, AttributionStore attribution, LimitsStore heard, AutoSwitchService switcher, AutoSwitchMetrics metrics, TimeProvider time, ILogger<RefusalHandler> logger)
{
    /// <summary>Shorter than a claim lives, so that one busy agent never holds up more than one worker.</summary>
    public static readonly TimeSpan PatienceWithAgents = TimeSpan.FromSeconds(40);

    /// <summary>Handles what one agent has waiting; false: nothing was open.</summary>
    public async Task<bool> HandleNextAsync(CancellationToken cancellationToken)
    {
        var claimed = await refusals.ClaimAsync(cancellationToken);
        using var patience = new Deadline(PatienceWithAgents, time, cancellationToken);
        foreach (var refusal in claimed)
        {
            try
            {
                await HandleAsync(refusal, patience.Token);
            }
            catch (OperationCanceledException) when (patience.Token.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                Log.AgentIsBusy(logger, refusal.VirtualKeyId); // the claims lapse, and are claimed again
                break;
            }

            await refusals.SetHandledAsync(refusal.Id, cancellationToken);
        }

        return claimed.Count > 0;
    }

    private async Task HandleAsync(RefusalRow refusal, CancellationToken cancellationToken)
    {
        if (await attribution.OfCredentialAsync(refusal.VirtualKeyId, refusal.Fingerprint, refusal.RequestedAt.ToOffset(), cancellationToken) is not { } owner)
        {
            metrics.RefusalSeen("other");
            return;
        }

        metrics.RefusalSeen(owner.AgentId is null ? "subscription" : "agent");
        var kind = FailureKinds.Of(refusal.Status);
        var limits = LimitsOf(refusal);
        if (limits is not null)
        {
            await heard.WriteAsync(new LimitsReading(refusal.Fingerprint, LimitsSource.Live, "refusal", limits, refusal.RefusedAt.ToOffset()), cancellationToken);
        }

        var failure = new SubscriptionFailure
        {
            ReportedAs = $"interception:{refusal.Id}",
            AgentId = owner.AgentId,
            Agent = owner.Agent,
            SubscriptionId = owner.SubscriptionId,
            Subscription = owner.Subscription,
            Generation = owner.Generation,
            Fingerprint = refusal.Fingerprint,
            Kind = kind,
            Source = FailureSource.Bridge,
            Message = string.Create(CultureInfo.InvariantCulture, $"{refusal.Provider} answered {refusal.Status}."),
            ResetsAt = kind == FailureKind.RateLimit ? limits?.ServesAgainAt : null,
            RetryAt = refusal.RetryAt?.ToOffset(),
            OccurredAt = refusal.RefusedAt.ToOffset(),
        };
        await switcher.OnFailureAsync(failure, cancellationToken);
    }

    private PlanLimits? LimitsOf(RefusalRow refusal)
    {
        try
        {
            return refusal.Limits is null ? null : PlanLimits.FromJson(refusal.Limits);
        }
        catch (JsonException exception)
        {
            Log.UnknownLimits(logger, refusal.Id, exception.GetType().Name); // of a newer bridge, perhaps; the refusal stands without
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.UnknownLimits, LogLevel.Warning, "What the reply of interception {Id} said of limits cannot be read ({Reason}).")]
        public static partial void UnknownLimits(ILogger logger, Guid id, string reason);

        [LoggerMessage(ControlPlaneEventIds.AgentIsBusy, LogLevel.Information, "The agent with virtual key {VirtualKeyId} is busy; what was refused of it is looked at again soon.")]
        public static partial void AgentIsBusy(ILogger logger, Guid virtualKeyId);
    }
}
