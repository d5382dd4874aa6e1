using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Limits;
using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Routing;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Proxy;

/// <summary>THE REQUEST PATH, from a client's request to the provider's reply. Every failure becomes an answer in the vendor's own error shape.</summary>
internal sealed partial class ProxyEndpoint(
    ConfigProvider config,
    VirtualKeyAuthenticator authenticator,
    RequestReader requests,
    CallerLimiter limiter,
    CachedBridgePool pool,
    BridgeForwarder forwarder,
    InterceptionRecorder recorder,
    BridgeMetrics metrics,
    TimeProvider time,
    IOptions<AiBridgeOptions> options,
    ILogger<ProxyEndpoint> logger)
{
    private const int MaxAcquireAttempts = 3;

    private static readonly BridgeError NotReady = BridgeError.Unavailable("not_ready", "The bridge has no configuration yet.");
    private static readonly BridgeError Reloading = BridgeError.Unavailable("configuration_changing", "The configuration is changing too fast; try again.");

    private static readonly BridgeError Internal = new(StatusCodes.Status500InternalServerError, "internal_error", "The bridge failed; its log tells more under this interception id.");

    public async Task HandleAsync(HttpContext context)
    {
        var now = time.GetUtcNow();
        var draft = new InterceptionDraft(InterceptionId.Create(now), now, time.GetTimestamp());
        draft.Client = ClientDetector.Detect(context.Request.Headers);
        context.Response.Headers[ReplyHeaders.InterceptionId] = draft.IdText;
        using var activity = BridgeActivity.Start(context.Request.Headers.TraceParent, context.Request.Headers.TraceState);
        try
        {
            await RunAsync(context, draft);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            draft.Outcome = Outcome.ClientAbort;
            draft.Error = "client_abort";
        }
        catch (Exception exception)
        {
            await FailAsync(context, draft, exception);
        }
        finally
        {
            Record(context, draft, activity); // (7)
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask RunAsync(HttpContext context, InterceptionDraft draft)
    {
        RequestBody? body = null;
        Admission? admission = null;
        try
        {
            for (var attempt = 1; attempt <= MaxAcquireAttempts; attempt++)
            {
                // (0) one look at the configuration
                if (config.Current is not { } snapshot)
                {
                    await RefuseAsync(context, draft, NotReady, Outcome.BridgeError);
                    return;
                }

                draft.Generation = snapshot.Generation;

                // (1) who asks, (2) for what
                if (!TryIdentify(context, draft, snapshot, out var caller, out var route, out var error))
                {
                    await RefuseAsync(context, draft, error!);
                    return;
                }

                if (attempt == 1)
                {
                    (body, error) = await requests.ReadAsync(context.Request, route!, caller!, draft, context.RequestAborted);
                }

                if (error is not null)
                {
                    await RefuseAsync(context, draft, error, error == RequestReader.ClientGone ? Outcome.ClientAbort : Outcome.Rejected);
                    return;
                }

                // (3) within its limits; once, for a rotation must not count as another request
                admission ??= limiter.TryAdmit(caller!, out error);
                if (admission is null)
                {
                    await RefuseAsync(context, draft, error!);
                    return;
                }

                // (4) on a bridge of this very snapshot, kept open until we are done
                if (!pool.TryAcquire(route!.Provider, out var lease))
                {
                    metrics.AcquireRetried("stale_snapshot");
                    continue;
                }

                using (lease)
                {
                    await ForwardAsync(new Exchange(context, lease.Bridge, route, caller!, body, RequestReader.AskForUsage(context.Request, route, body), draft));
                    return;
                }
            }

            await RefuseAsync(context, draft, Reloading, Outcome.BridgeError);
        }
        finally
        {
            admission?.Dispose();
            body?.Dispose();
        }
    }

    private bool TryIdentify(HttpContext context, InterceptionDraft draft, ConfigSnapshot snapshot, out Caller? caller, out ResolvedRoute? route, out BridgeError? error)
    {
        route = null;
        var request = context.Request;
        var name = RouteResolver.ProviderName(request.Path, out var rest);
        if (snapshot.Providers.TryGetValue(name, out var provider))
        {
            draft.ProviderId = provider.Id;
            draft.Provider = provider.Name;
            draft.ProviderType = provider.Config.Type;
        }

        if (!authenticator.TryAuthenticate(request.Headers, context.Features.Get<TokenHashMemo>() ?? new TokenHashMemo(), snapshot, out caller, out error))
        {
            return false;
        }

        draft.VirtualKeyId = caller.Key.Id;
        draft.Caller = caller.Key.Name;
        draft.Agent = caller.Key.Agent;
        if (!RouteResolver.TryResolve(request.Method, name, rest, snapshot, caller, out route, out error))
        {
            return false;
        }

        draft.Route = route.Route.Pattern;
        return true;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask ForwardAsync(Exchange exchange)
    {
        var (context, bridge, route, _, _, _, draft) = exchange;
        draft.Recorded = route.Route.Bridged;
        if (!draft.Recorded)
        {
            metrics.PassedThrough(bridge.Provider.Name, route.Route.Pattern, context.Request.Method);
        }

        metrics.ExchangeStarted(bridge.Provider.Name, route.Route.Pattern);
        try
        {
            var outcome = await forwarder.ForwardAsync(exchange); // (5), and (6) as the reply passes
            draft.Outcome = outcome.Outcome;
            draft.Error = outcome.Code;
            if (outcome.Answer is { } answer && !context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
            {
                await ErrorWriter.WriteAsync(context, route.Route.Dialect, answer, draft.Id);
            }
        }
        finally
        {
            metrics.ExchangeEnded(bridge.Provider.Name, route.Route.Pattern);
        }
    }

    private static async Task RefuseAsync(HttpContext context, InterceptionDraft draft, BridgeError error, Outcome outcome = Outcome.Rejected)
    {
        draft.Outcome = outcome;
        draft.Error = error.Code;
        var dialect = draft.ProviderType is { } type && ProviderCatalog.Find(type) is { } provider
            ? provider.DefaultDialect
            : DialectWriter.Guess(context.Request.Path);
        await ErrorWriter.WriteAsync(context, dialect, error, draft.Id);
    }

    // A defect of ours. A client that has seen nothing yet gets an answer, another one a cut connection, not a reply that looks complete.
    private async Task FailAsync(HttpContext context, InterceptionDraft draft, Exception exception)
    {
        Log.RequestFailed(logger, draft.Id, draft.Provider, exception);
        draft.Outcome = Outcome.BridgeError;
        draft.Error = Internal.Code;
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.Clear();
        await RefuseAsync(context, draft, Internal, Outcome.BridgeError);
    }

    private void Record(HttpContext context, InterceptionDraft draft, Activity? activity)
    {
        draft.Status = draft.Outcome == Outcome.ClientAbort && !context.Response.HasStarted ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
        if (!draft.Recorded)
        {
            return;
        }

        var record = draft.Complete(time.GetElapsedTime(draft.StartedTimestamp), options.Value.RecordToolInput);
        recorder.Record(record);
        metrics.Recorded(record);
        BridgeActivity.Describe(activity, record);
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RequestFailed, LogLevel.Error, "Interception {Id} for {Provider} failed in the bridge.")]
        public static partial void RequestFailed(ILogger logger, Guid id, string provider, Exception exception);
    }
}
