using Microsoft.Extensions.Options;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Proxy;

/// <summary>The part of step 2 that reads the request: its body, and out of it the model and the session.</summary>
internal sealed class RequestReader(IOptions<AiBridgeOptions> options, BodyBuffers buffers)
{
    /// <summary>Nobody is there to read it, but the record wants to know.</summary>
    public static readonly BridgeError ClientGone = new(StatusCodes.Status499ClientClosedRequest, "client_abort", "The client left before its request was complete.");

    private const int LongBody = 1024 * 1024;

    private static readonly BridgeError EmptyBody = BridgeError.BadRequest("empty_body", "The request has no body.");

    private static readonly BridgeError UnreadableModel =
        BridgeError.BadRequest("unreadable_model", "The virtual key is limited to some models, so the request's body must not be compressed.");

    /// <summary>The body, or null when the request has none; and what is wrong with it, if anything is.</summary>
    public async Task<(RequestBody? Body, BridgeError? Error)> ReadAsync(
        HttpRequest request, ResolvedRoute route, Caller caller, InterceptionDraft draft, CancellationToken cancellationToken)
    {
        var upgrade = WebSocketUpgrade.IsAskedFor(request);
        if (route.Route.Bridged && !upgrade && !HttpMethods.IsPost(request.Method))
        {
            request.HttpContext.Response.Headers.Allow = "POST";
            return (null, new BridgeError(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", $"{route.Route.Pattern} takes POST."));
        }

        if (!upgrade && IsOfProxies(request.Method))
        {
            return (null, new BridgeError(StatusCodes.Status405MethodNotAllowed, "method_not_allowed", $"{request.Method} is not forwarded."));
        }

        if (upgrade || !CanHaveBody(request))
        {
            if (upgrade)
            {
                draft.SessionId = SessionDetector.Detect(draft.Client, request.Headers, default);
            }

            return (null, upgrade ? RestrictedUpgrade(caller) : route.Route.Bridged ? EmptyBody : null);
        }

        var limit = options.Value.MaxRequestBodyBytes;
        RequestBody? body;
        try
        {
            body = await RequestBody.ReadAsync(request, buffers, limit, cancellationToken);
        }
        catch (BadHttpRequestException exception) when (request.ContentLength is null || exception.StatusCode != StatusCodes.Status400BadRequest)
        {
            return (null, new BridgeError(exception.StatusCode, "bad_request_body", "The request's body could not be read."));
        }
        catch (IOException)
        {
            return (null, ClientGone); // a body of announced length has no framing that could be wrong, only too early an end
        }

        if (body is null)
        {
            return (null, new BridgeError(StatusCodes.Status413PayloadTooLarge, "request_too_large", $"The request's body is longer than {limit} bytes."));
        }

        if (body.Bytes.Length > LongBody)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // to look at it takes milliseconds, which the sockets' thread does not have
        }

        return (body, route.Route.Bridged ? Peek(request, body, caller, draft) : PassThroughFault(request, body, caller));
    }

    /// <summary>Has the provider of a chat stream report its usage, if the client did not ask and the provider's settings do not forbid it.</summary>
    public static bool AskForUsage(HttpRequest request, ResolvedRoute route, RequestBody? body)
    {
        if (body is null
            || route.Route is not { Bridged: true, Dialect: Dialect.ChatCompletions }
            || route.Provider.Config.Settings.IncludeUsage == false
            || IsEncoded(request)
            || !UsageRequest.TryInsert(body))
        {
            return false;
        }

        request.Headers.TransferEncoding = default;
        request.ContentLength = body.Bytes.Length;
        return true;
    }

    private static BridgeError? Peek(HttpRequest request, RequestBody body, Caller caller, InterceptionDraft draft)
    {
        if (IsEncoded(request))
        {
            // Forwarded as it came. A caller who may use only some models must let us see which.
            draft.SessionId = SessionDetector.Detect(draft.Client, request.Headers, default);
            return ModelPermission.IsRestricted(caller) ? UnreadableModel : null;
        }

        var peek = RequestPeek.Read(body.Bytes.Span, wholeBody: ModelPermission.IsRestricted(caller));
        draft.Model = peek.Model;
        draft.SessionId = SessionDetector.Detect(draft.Client, request.Headers, body.Bytes.Span);
        return Fault(peek, caller);
    }

    // Some pass-through routes run a model too (/v1/responses/compact): whoever may use only some models names one of those there, or none.
    private static BridgeError? PassThroughFault(HttpRequest request, RequestBody body, Caller caller)
    {
        if (!ModelPermission.IsRestricted(caller) || body.Bytes.IsEmpty)
        {
            return null;
        }

        if (IsEncoded(request))
        {
            return UnreadableModel;
        }

        var peek = RequestPeek.Read(body.Bytes.Span, wholeBody: true);
        return peek.Fault == PeekFault.NoModel ? null : Fault(peek, caller);
    }

    private static BridgeError? Fault(RequestPeek peek, Caller caller) => peek.Fault switch
    {
        PeekFault.Empty => EmptyBody,
        PeekFault.Malformed => BridgeError.BadRequest("malformed_json", "The request's body is not valid JSON."),
        PeekFault.NoModel => BridgeError.BadRequest("model_required", "The request names no model."),
        PeekFault.AmbiguousModel => BridgeError.BadRequest("ambiguous_model", "The request names its model twice."),
        _ => ModelPermission.Allows(caller, peek.Model!) ? null : BridgeError.Forbidden("model_not_allowed", "The virtual key may not use this model."),
    };

    // The turns of a WebSocket are not seen here: neither their models nor their tokens nor how many there are.
    private static BridgeError? RestrictedUpgrade(Caller caller) => ModelPermission.IsRestricted(caller) || caller.Key.Limits is not { RequestsPerMinute: null, TokensPerDay: null }
        ? new BridgeError(StatusCodes.Status426UpgradeRequired, "websocket_not_allowed", "The virtual key is limited to some models, or to so many requests or tokens; use HTTP.")
        : null;

    // TRACE asks whoever is on the way to send the request back, the provider's key in it.
    private static bool IsOfProxies(string method) => HttpMethods.IsTrace(method) || HttpMethods.IsConnect(method);

    private static bool CanHaveBody(HttpRequest request) =>
        request.HttpContext.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;

    private static bool IsEncoded(HttpRequest request) =>
        request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);
}
