using System.Text.Json;

namespace Trinity.ControlPlane.Containers;

/// <summary>One exchange with the engine: its time limit, and what its failures mean.</summary>
internal sealed class EngineCall : IDisposable
{
    private readonly EngineAddress _address;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _linked;

    public EngineCall(EngineAddress address, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        (_address, _limit, CallerToken) = (address, limit, cancellationToken);
        _timer = new CancellationTokenSource(limit, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _timer.Token);
    }

    public CancellationToken CallerToken { get; }

    /// <summary>From here on, only the caller ends it.</summary>
    public void LiftLimit() => _timer.CancelAfter(Timeout.InfiniteTimeSpan);

    /// <summary>Does a part of the exchange. The caller's cancellation stays what it is, everything else becomes an <see cref="EngineException"/>.</summary>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> part)
    {
        try
        {
            return await part(_linked.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException || IsOurCancellation(failure))
        {
            throw Translate(failure);
        }
    }

    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }

    // Also a connection that could not be made in time.
    private bool IsOurCancellation(Exception failure) => failure is OperationCanceledException && !CallerToken.IsCancellationRequested;

    private EngineException Translate(Exception failure) => failure switch
    {
        OperationCanceledException when _timer.IsCancellationRequested =>
            new(EngineFault.Unreachable, $"The container engine at {_address} did not answer within {_limit.TotalSeconds:0} s.", failure),
        HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse } =>
            new(EngineFault.Failed, $"What answers at {_address} does not speak HTTP: is it a container engine?", failure),
        JsonException => new(EngineFault.Failed, $"The container engine at {_address} answered what cannot be understood.", failure),
        _ => new(EngineFault.Unreachable, $"The container engine at {_address} cannot be reached, or went away: {Reason(failure)}", failure),
    };

    private static string Reason(Exception failure) => (failure.InnerException ?? failure).Message;
}
