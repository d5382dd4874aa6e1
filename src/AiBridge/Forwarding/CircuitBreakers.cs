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
/// and that the provider refuses, takes no place. <c>_gate</c> guards the fields and all that is in them.
/// </remarks>
internal sealed partial class CircuitBreakers(string provider, CircuitBreakerSettings settings, BridgeMetrics metrics, TimeProvider time, ILogger<CircuitBreakers> logger)
{
    private const int MaxCircuits = 256;
    private const int MaxModelLength = 100; // clients choose it

    private static readonly TimeSpan WhileTrying = TimeSpan.FromSeconds(1); // then the tries may have ended

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Endpoint, string Model), Circuit> _circuits = [];
    private readonly TimeSpan _interval = TimeSpan.FromSeconds(settings.IntervalSeconds);
    private readonly TimeSpan _timeout = TimeSpan.FromSeconds(settings.TimeoutSeconds);
    private long _changes; // of any circuit's state, ever
    private long _lastClosing; // by that count

    /// <summary>The circuits that have failed of late. An open one whose time is over waits for a request to try.</summary>
    public IReadOnlyList<(string Endpoint, string Model, CircuitState State)> States
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _circuits.Where(each => !IsForgotten(each.Value)).Select(each => (
                        each.Key.Endpoint,
                        each.Key.Model,
                        each.Value.State == CircuitState.Open && AgeOf(each.Value) > _timeout ? CircuitState.HalfOpen : each.Value.State)),
                ];
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
        model = model.Length > MaxModelLength ? model[..MaxModelLength] : model;
        lock (_gate)
        {
            wait = _circuits.TryGetValue((endpoint, model), out var circuit) ? WaitFor(circuit) : TimeSpan.Zero;
            if (wait == TimeSpan.Zero)
            {
                return new CircuitPass(this, endpoint, model, _changes);
            }
        }

        metrics.CircuitRejected(provider, endpoint, model);
        return null;
    }

    /// <summary>What <see cref="CircuitPass"/> was told. A request of before the circuit's last change says nothing of its present state.</summary>
    /// <param name="pass">The request's.</param>
    /// <param name="served">Null: nothing is known of the provider.</param>
    internal void Report(CircuitPass pass, bool? served)
    {
        lock (_gate)
        {
            if (!_circuits.TryGetValue((pass.Endpoint, pass.Model), out var circuit))
            {
                if (served != false || pass.Era < _lastClosing || !HasRoom())
                {
                    return;
                }

                circuit = new Circuit { Since = time.GetTimestamp() };
                _circuits.Add((pass.Endpoint, pass.Model), circuit);
            }

            if (pass.Era < circuit.Era)
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

    // Tries that take longer than an open circuit waits are left to themselves: others may try.
    private TimeSpan WaitFor(Circuit circuit)
    {
        if (circuit.State == CircuitState.Closed)
        {
            return TimeSpan.Zero;
        }

        if (AgeOf(circuit) is var age && age >= _timeout)
        {
            Change(circuit, CircuitState.HalfOpen);
        }
        else if (circuit.State == CircuitState.Open)
        {
            return _timeout - age;
        }

        if (circuit.Tries >= settings.MaxRequests)
        {
            return WhileTrying;
        }

        circuit.Tries++;
        return TimeSpan.Zero;
    }

    private void OnFailed(Circuit circuit, CircuitPass pass)
    {
        circuit.Since = time.GetTimestamp();
        circuit.Failures.Enqueue(circuit.Since);
        while (time.GetElapsedTime(circuit.Failures.Peek()) > _interval)
        {
            circuit.Failures.Dequeue();
        }

        if (circuit.Failures.Count >= settings.FailureThreshold)
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
            _lastClosing = ++_changes;
            Log.Closed(logger, provider, pass.Endpoint, pass.Model);
        }
    }

    private void Open(Circuit circuit, CircuitPass pass)
    {
        Change(circuit, CircuitState.Open);
        metrics.CircuitOpened(provider, pass.Endpoint, pass.Model);
        Log.Opened(logger, provider, pass.Endpoint, pass.Model, settings.TimeoutSeconds);
    }

    private void Change(Circuit circuit, CircuitState state) => circuit.Enter(state, time.GetTimestamp(), ++_changes);

    private TimeSpan AgeOf(Circuit circuit) => time.GetElapsedTime(circuit.Since);

    private bool IsForgotten(Circuit circuit) => AgeOf(circuit) > (circuit.State == CircuitState.Closed ? _interval : _interval + _timeout);

    // What is forgotten makes room, else the closed circuit that failed longest ago: made-up models shall not keep real ones out.
    private bool HasRoom()
    {
        if (_circuits.Count < MaxCircuits)
        {
            return true;
        }

        foreach (var (key, _) in _circuits.Where(each => IsForgotten(each.Value)))
        {
            _circuits.Remove(key);
        }

        if (_circuits.Count >= MaxCircuits && _circuits.Where(each => each.Value.State == CircuitState.Closed).OrderBy(each => each.Value.Since).Select(each => each.Key).Take(1).ToList() is [var oldest])
        {
            _circuits.Remove(oldest);
        }

        return _circuits.Count < MaxCircuits;
    }

    private sealed class Circuit
    {
        public CircuitState State { get; private set; }

        /// <summary>Its last change of state, by the count of all of them.</summary>
        public long Era { get; private set; }

        /// <summary>When the state began; while closed, the last failure.</summary>
        public long Since { get; set; }

        /// <summary>In a row, while closed.</summary>
        public Queue<long> Failures { get; } = new();

        public int Tries { get; set; }

        public int Successes { get; set; }

        public void Enter(CircuitState state, long now, long era)
        {
            (State, Since, Era, Tries, Successes) = (state, now, era, 0, 0);
            Failures.Clear();
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
internal sealed class CircuitPass(CircuitBreakers owner, string endpoint, string model, long era) : IDisposable
{
    private const int Overloaded = 529; // Anthropic's

    private bool _told; // one request's, in its own order

    public string Endpoint => endpoint;

    public string Model => model;

    /// <summary>How often circuits had changed when the request entered.</summary>
    public long Era => era;

    /// <summary>The provider has answered.</summary>
    /// <param name="status">The reply's. What may be the doing of the request, or of its credential, says nothing.</param>
    /// <param name="hasCredential">Then a limit is the credential's: a key cools down by itself, and a client's own is nobody else's.</param>
    public void Answered(HttpStatusCode status, bool hasCredential) => Tell((int)status switch
    {
        StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout or Overloaded => false,
        StatusCodes.Status429TooManyRequests => hasCredential ? null : false,
        StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status500InternalServerError or StatusCodes.Status502BadGateway => null,
        _ => true,
    });

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
