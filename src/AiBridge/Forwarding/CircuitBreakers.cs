using System.Net;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Where a circuit is; the numbers are the metric's.</summary>
internal enum CircuitState
{
    /// <summary>Requests pass.</summary>
    Closed = 0,

    /// <summary>Some requests pass, to try.</summary>
    HalfOpen = 1,

    /// <summary>No request passes.</summary>
    Open = 2,
}

/// <summary>Stops sending to a provider that does not serve, per endpoint and model, and lets a few requests try it after a while.</summary>
/// <remarks>
/// A bridge owns it, so it lasts as long as its provider's configuration stays as it is. Only circuits that have failed are remembered: a model that somebody made up,
/// and that the provider refuses, takes no place. <c>_gate</c> guards <c>_circuits</c> and all that is in it.
/// </remarks>
internal sealed partial class CircuitBreakers(string provider, CircuitBreakerSettings settings, BridgeMetrics metrics, TimeProvider time, ILogger<CircuitBreakers> logger)
{
    private const int MaxCircuits = 256;

    private static readonly TimeSpan WhileTrying = TimeSpan.FromSeconds(1); // then the tries may have ended

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Endpoint, string Model), Circuit> _circuits = [];
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(settings.IntervalSeconds);
    private readonly TimeSpan _timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);

    /// <summary>The circuits that have failed of late.</summary>
    public IReadOnlyList<(string Endpoint, string Model, CircuitState State)> States
    {
        get
        {
            lock (_gate)
            {
                return [.. _circuits.Select(circuit => (circuit.Key.Endpoint, circuit.Key.Model, circuit.Value.State))];
            }
        }
    }

    /// <summary>Null when the circuit is open; <paramref name="wait"/> is how long it will be.</summary>
    /// <param name="endpoint">The route's pattern.</param>
    /// <param name="model">As the client names it; empty when it does not.</param>
    /// <param name="wait">Zero when the request may pass.</param>
    /// <returns>To be told of the reply, and disposed.</returns>
    public CircuitPass? TryEnter(string endpoint, string model, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        lock (_gate)
        {
            if (!_circuits.TryGetValue((endpoint, model), out var circuit))
            {
                return new CircuitPass(this, endpoint, model, era: 0);
            }

            if (circuit.State == CircuitState.Open)
            {
                wait = _timeout - time.GetElapsedTime(circuit.Since);
                if (wait > TimeSpan.Zero)
                {
                    metrics.CircuitRejected(provider, endpoint, model);
                    return null;
                }

                wait = TimeSpan.Zero;
                circuit.Enter(CircuitState.HalfOpen, time.GetTimestamp());
            }

            if (circuit.State == CircuitState.HalfOpen && circuit.Tries++ >= settings.MaxRequests)
            {
                circuit.Tries--;
                wait = WhileTrying;
                metrics.CircuitRejected(provider, endpoint, model);
                return null;
            }

            return new CircuitPass(this, endpoint, model, circuit.Era);
        }
    }

    /// <summary>What <see cref="CircuitPass"/> was told. A request of an earlier era says nothing of the present one.</summary>
    /// <param name="pass">The request's.</param>
    /// <param name="served">Null: nothing is known of the provider.</param>
    internal void Report(CircuitPass pass, bool? served)
    {
        lock (_gate)
        {
            if (!_circuits.TryGetValue((pass.Endpoint, pass.Model), out var circuit))
            {
                if (served != false || pass.Era != 0 || !HasRoom())
                {
                    return;
                }

                circuit = new Circuit { Since = time.GetTimestamp() };
                _circuits.Add((pass.Endpoint, pass.Model), circuit);
            }

            if (circuit.Era != pass.Era)
            {
                return;
            }

            if (circuit.State == CircuitState.HalfOpen)
            {
                OnTried(circuit, pass, served);
            }
            else if (served == true)
            {
                _circuits.Remove((pass.Endpoint, pass.Model));
            }
            else if (served == false)
            {
                OnFailed(circuit, pass);
            }
        }
    }

    private void OnFailed(Circuit circuit, CircuitPass pass)
    {
        if (time.GetElapsedTime(circuit.Since) > _interval)
        {
            circuit.Failures = 0;
            circuit.Since = time.GetTimestamp();
        }

        if (++circuit.Failures >= settings.FailureThreshold)
        {
            Open(circuit, pass);
        }
    }

    private void OnTried(Circuit circuit, CircuitPass pass, bool? served)
    {
        if (served is null)
        {
            circuit.Tries--; // somebody else may try
        }
        else if (served == false)
        {
            Open(circuit, pass);
        }
        else if (++circuit.Successes >= settings.MaxRequests)
        {
            _circuits.Remove((pass.Endpoint, pass.Model));
            Log.Closed(logger, provider, pass.Endpoint, pass.Model);
        }
    }

    private void Open(Circuit circuit, CircuitPass pass)
    {
        circuit.Enter(CircuitState.Open, time.GetTimestamp());
        metrics.CircuitOpened(provider, pass.Endpoint, pass.Model);
        Log.Opened(logger, provider, pass.Endpoint, pass.Model, settings.TimeoutSeconds);
    }

    // Those that nobody has used for long stand for nothing any more.
    private bool HasRoom()
    {
        if (_circuits.Count >= MaxCircuits)
        {
            foreach (var (key, circuit) in _circuits)
            {
                if (time.GetElapsedTime(circuit.Since) > _interval + _timeout)
                {
                    _circuits.Remove(key);
                }
            }
        }

        return _circuits.Count < MaxCircuits;
    }

    private sealed class Circuit
    {
        public CircuitState State { get; private set; }

        /// <summary>Grows with every change of state, so that late reports are known as such.</summary>
        public int Era { get; private set; }

        /// <summary>When the state began; while closed, the first of the failures that count.</summary>
        public long Since { get; set; }

        public int Failures { get; set; }

        public int Tries { get; set; }

        public int Successes { get; set; }

        public void Enter(CircuitState state, long now)
        {
            (State, Since, Failures, Tries, Successes) = (state, now, 0, 0, 0);
            Era++;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CircuitOpened, LogLevel.Warning, "{Provider} does not serve {Endpoint} with {Model}: nothing is sent there for {Seconds} s.")]
        public static partial void Opened(ILogger logger, string provider, string endpoint, string model, int seconds);

        [LoggerMessage(EventIds.CircuitClosed, LogLevel.Information, "{Provider} serves {Endpoint} with {Model} again.")]
        public static partial void Closed(ILogger logger, string provider, string endpoint, string model);
    }
}

/// <summary>A request's leave to be sent. What it is told first counts; told nothing, it says nothing of the provider.</summary>
internal sealed class CircuitPass(CircuitBreakers owner, string endpoint, string model, int era) : IDisposable
{
    private const int Overloaded = 529; // Anthropic's

    private bool _told; // one request's, in its own order

    public string Endpoint => endpoint;

    public string Model => model;

    public int Era => era;

    /// <summary>The provider has answered. What depends on the request, or on its sender's credential, is no failure of the provider.</summary>
    /// <param name="status">The reply's.</param>
    /// <param name="ownCredential">The client's own was used: its limit is nobody else's.</param>
    public void Answered(HttpStatusCode status, bool ownCredential)
    {
        if (status == HttpStatusCode.TooManyRequests && ownCredential)
        {
            Tell(null);
            return;
        }

        Tell(status is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or (HttpStatusCode)Overloaded));
    }

    /// <summary>The provider could not be reached, or did not answer in time.</summary>
    public void Unanswered() => Tell(false);

    public void Dispose() => Tell(null);

    private void Tell(bool? served)
    {
        if (!_told)
        {
            _told = true;
            owner.Report(this, served);
        }
    }
}
