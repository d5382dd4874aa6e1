using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Tests.Bridges;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class ForwardResultTests : IDisposable
{
    private readonly PoolBench _bench = new();

    public void Dispose() => _bench.Dispose();

    // A broken reply has the client's connection cut, which reads like a client that left: sooner or later, by the scheduling of threads.
    [Theory]
    [InlineData(false, "upstream_truncated")]
    [InlineData(true, "upstream_truncated")]
    public void Of_ProviderBreaksOff_IsTheProvidersFaultHoweverSoonTheClientIsCut(bool clientIsCut, string code)
    {
        var outcome = Of(ForwarderError.ResponseBodyDestination, new IOException("", new SocketException((int)SocketError.ConnectionReset)), clientIsCut);

        Assert.Equal((Outcome.ProviderError, code), (outcome.Outcome, outcome.Code));
    }

    [Theory]
    [InlineData(ForwarderError.ResponseBodyCanceled, true, Outcome.ClientAbort, "client_abort")]
    [InlineData(ForwarderError.ResponseBodyDestination, true, Outcome.ProviderError, "upstream_idle")] // YARP's own limit, which cuts the client too
    [InlineData(ForwarderError.ResponseBodyDestination, false, Outcome.ProviderError, "upstream_idle")]
    [InlineData(ForwarderError.RequestCanceled, true, Outcome.ClientAbort, "client_abort")]
    internal void Of_ReadIsCancelled_IsByWhomeverItWas(ForwarderError error, bool clientLeft, Outcome expected, string code)
    {
        var outcome = Of(error, new OperationCanceledException(), clientLeft);

        Assert.Equal((expected, code), (outcome.Outcome, outcome.Code));
    }

    public static TheoryData<ForwarderError, Exception, bool> Reasons { get; } = new()
    {
        { ForwarderError.RequestTimedOut, new OperationCanceledException(), true },
        { ForwarderError.Request, new HttpRequestException(HttpRequestError.ConnectionError), true },
        { ForwarderError.Request, new HttpRequestException("", new IOException()), true },
        { ForwarderError.Request, new HttpRequestException("A header cannot be written."), false },
        { ForwarderError.RequestCreation, new InvalidOperationException(), false },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    internal void IsOfTheProvider_OnlyWhatTheConnectionDid(ForwarderError error, Exception exception, bool expected)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IForwarderErrorFeature>(new ErrorFeature(error, exception));

        Assert.Equal(expected, ForwardResult.IsOfTheProvider(error, context));
    }

    private ForwardOutcome Of(ForwarderError error, Exception exception, bool clientGone)
    {
        var provider = PoolBench.Provider();
        _bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        using var lease = _bench.Acquire(provider);
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(clientGone) };
        context.Features.Set<IForwarderErrorFeature>(new ErrorFeature(error, exception));
        var draft = new InterceptionDraft(Guid.CreateVersion7(_bench.Time.GetUtcNow()), _bench.Time.GetUtcNow(), 0);
        return ForwardResult.Of(new Exchange(context, lease.Bridge, null!, null!, null, UsageInserted: false, draft), error, reply: null);
    }

    private sealed record ErrorFeature(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
