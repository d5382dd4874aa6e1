using System.Diagnostics;
using System.Diagnostics.Metrics;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Telemetry;

/// <summary>The bridge's measurements, as verbs. Labels come from small closed sets: provider, route pattern, client, outcome, and capped models and tools.</summary>
internal sealed class BridgeMetrics
{
    public const string MeterName = "Trinity.AiBridge";

    private const int MaxModels = 100;
    private const int MaxTools = 100;

    private readonly LabelCap _models = new(MaxModels);
    private readonly LabelCap _tools = new(MaxTools);
    private readonly Meter _meter;
    private readonly Counter<long> _interceptions;
    private readonly UpDownCounter<long> _inFlight;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _firstChunk;
    private readonly Counter<long> _passThrough;
    private readonly Counter<long> _rejections;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _toolSelections;
    private readonly Counter<long> _keyTransitions;
    private readonly Counter<long> _keyExhaustions;
    private readonly Histogram<long> _keyAttempts;
    private readonly Counter<long> _circuitTrips;
    private readonly Counter<long> _circuitRejects;
    private readonly Counter<long> _acquireRetries;
    private readonly Counter<long> _retired;
    private readonly Histogram<double> _drain;
    private readonly Counter<long> _cut;
    private readonly Counter<long> _recordsDropped;
    private readonly Counter<long> _recordsStripped;
    private readonly Counter<long> _credentialRefusals;
    private readonly Counter<long> _refusalsDropped;
    private readonly Counter<long> _limitsObserved;
    private readonly Counter<long> _limitsWritten;
    private readonly Counter<long> _limitsDropped;

    public BridgeMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _interceptions = _meter.CreateCounter<long>("trinity_interceptions", null, "Exchanges on bridged routes, by how they ended.");
        _inFlight = _meter.CreateUpDownCounter<long>("trinity_interceptions_inflight", null, "Exchanges running now.");
        _duration = Seconds("trinity_interceptions_duration", "Duration of exchanges.", [.5, 2, 5, 15, 30, 60, 120, 300, 900]);
        _firstChunk = Seconds("trinity_time_to_first_chunk", "From the request's arrival to the provider's first byte.", [.05, .1, .25, .5, 1, 2, 5, 10, 30, 60]);
        _passThrough = _meter.CreateCounter<long>("trinity_passthrough", null, "Requests on pass-through routes.");
        _rejections = _meter.CreateCounter<long>("trinity_rejections", null, "Requests that the bridge refused, by code.");
        _tokens = _meter.CreateCounter<long>("trinity_tokens", null, "Tokens reported by providers: input is net of cache.");
        _toolSelections = _meter.CreateCounter<long>("trinity_tool_selections", null, "Tool calls that models chose.");
        _keyTransitions = _meter.CreateCounter<long>("trinity_key_pool_state_transitions", null, "Provider keys that began to cool down.");
        _keyExhaustions = _meter.CreateCounter<long>("trinity_key_pool_exhaustions", null, "Requests that found every key cooling down.");
        _keyAttempts = _meter.CreateHistogram("trinity_key_pool_failover_attempts", null, "Keys tried per exchange.", null, new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 3, 4, 5] });
        _circuitTrips = _meter.CreateCounter<long>("trinity_circuit_breaker_trips", null, "Circuits that opened.");
        _circuitRejects = _meter.CreateCounter<long>("trinity_circuit_breaker_rejects", null, "Requests that met an open circuit.");
        _acquireRetries = _meter.CreateCounter<long>("trinity_acquire_retries", null, "Acquires that met a configuration newer than their request's.");
        _retired = _meter.CreateCounter<long>("trinity_bridges_retired", null, "Bridges replaced, disabled, removed or idle.");
        _drain = Seconds("trinity_bridge_drain_duration", "From a bridge's retirement to its last request.", [.01, .1, 1, 10, 60, 300, 900, 1800]);
        _cut = _meter.CreateCounter<long>("trinity_drain_deadline_cuts", null, "Requests cut because the drain deadline passed.");
        _recordsDropped = _meter.CreateCounter<long>("trinity_records_dropped", null, "Records lost because the queue was full.");
        _recordsStripped = _meter.CreateCounter<long>("trinity_records_stripped", null, "Records that lost their tools' input because the queue was large.");
        _credentialRefusals = _meter.CreateCounter<long>("trinity_credential_refusals", null, "Requests whose own credential the provider refused.");
        _refusalsDropped = _meter.CreateCounter<long>("trinity_credential_refusals_dropped", null, "Refusals of own credentials that were not reported because the queue was full.");
        _limitsObserved = _meter.CreateCounter<long>("trinity_limits_observed", null, "Replies that said how far a credential's limits are used up.");
        _limitsWritten = _meter.CreateCounter<long>("trinity_limits_written", null, "What was last said of a credential's limits, written to Postgres.");
        _limitsDropped = _meter.CreateCounter<long>("trinity_limits_dropped", null, "What was said of limits, lost because too many credentials were waiting for Postgres.");
    }

    public void ObserveBridges(Func<int> activeLeases, Func<int> drainingLeases, Func<int> drainingBridges)
    {
        _meter.CreateObservableGauge("trinity_bridge_leases", () => new Measurement<int>[]
        {
            new(activeLeases(), new KeyValuePair<string, object?>("state", "active")),
            new(drainingLeases(), new KeyValuePair<string, object?>("state", "draining")),
        }, null, "Leases by the state of their bridge.");
        _meter.CreateObservableGauge("trinity_bridges_draining", drainingBridges, null, "Retired bridges with requests still on them.");
    }

    /// <summary>Keys of the providers in use, by state: <c>usable</c>, <c>rate_limited</c> or <c>unauthorized</c>.</summary>
    public void ObserveKeys(Func<IEnumerable<(string Provider, string State, int Count)>> keys) => _meter.CreateObservableGauge(
        "trinity_key_pool_state",
        () => keys().Select(each => new Measurement<int>(each.Count, new("provider", each.Provider), new("state", each.State))),
        null,
        "Provider keys by state.");

    /// <summary>Circuits that have failed of late; one that is not there is closed.</summary>
    public void ObserveCircuits(Func<IEnumerable<(string Provider, string Endpoint, string Model, CircuitState State)>> circuits) => _meter.CreateObservableGauge(
        "trinity_circuit_breaker_state",
        () => circuits()
            .GroupBy(each => (each.Provider, each.Endpoint, Model: _models.Of(each.Model)), each => (int)each.State / (double)CircuitState.Open)
            .Select(each => new Measurement<double>(each.Max(), new("provider", each.Key.Provider), new("endpoint", each.Key.Endpoint), new("model", each.Key.Model))),
        null,
        "Circuits: 0 closed, 0.5 half open, 1 open.");

    public void ObserveRecordQueue(Func<int> length) =>
        _meter.CreateObservableGauge("trinity_record_queue_length", length, null, "Records waiting for Postgres.");

    public void ExchangeStarted(string provider, string route) => _inFlight.Add(1, new TagList { { "provider", provider }, { "route", route } });

    public void ExchangeEnded(string provider, string route) => _inFlight.Add(-1, new TagList { { "provider", provider }, { "route", route } });

    public void PassedThrough(string provider, string route, string method) =>
        _passThrough.Add(1, new TagList { { "provider", provider }, { "route", route }, { "method", KnownMethod(method) } });

    /// <summary>The numbers of a finished exchange. Refused ones count as refusals only.</summary>
    public void Recorded(Interception record)
    {
        if (record.Outcome == Outcome.Rejected)
        {
            _rejections.Add(1, new TagList { { "code", record.Error }, { "status", record.Status } });
            return;
        }

        var model = _models.Of(record.Model);
        _interceptions.Add(1, new TagList
        {
            { "provider", record.Provider }, { "model", model }, { "route", record.Route }, { "client", record.Client },
            { "outcome", OutcomeNames.Of(record.Outcome) }, { "status", record.Status },
        });
        _duration.Record(record.DurationMilliseconds / 1000, new TagList { { "provider", record.Provider }, { "model", model } });
        if (record.FirstByteMilliseconds is { } firstByte)
        {
            _firstChunk.Record(firstByte / 1000, new TagList { { "provider", record.Provider }, { "model", model } });
        }

        if (record.Attempts > 1)
        {
            _keyAttempts.Record(record.Attempts, new TagList { { "provider", record.Provider } });
        }

        if (record.TokenUsage is { } usage)
        {
            Tokens(record.Provider, model, "input", usage.Input);
            Tokens(record.Provider, model, "output", usage.Output);
            Tokens(record.Provider, model, "cache_read", usage.CacheRead);
            Tokens(record.Provider, model, "cache_write", usage.CacheWrite);
        }

        foreach (var tool in record.ToolUsages)
        {
            _toolSelections.Add(1, new TagList { { "provider", record.Provider }, { "name", _tools.Of(tool.Tool) } });
        }
    }

    public void KeyCoolingDown(string provider, string reason) => _keyTransitions.Add(1, new TagList { { "provider", provider }, { "reason", reason } });

    public void KeysExhausted(string provider, string outcome) => _keyExhaustions.Add(1, new TagList { { "provider", provider }, { "outcome", outcome } });

    public void CircuitOpened(string provider, string endpoint, string model) =>
        _circuitTrips.Add(1, new TagList { { "provider", provider }, { "endpoint", endpoint }, { "model", _models.Of(model) } });

    public void CircuitRejected(string provider, string endpoint, string model) =>
        _circuitRejects.Add(1, new TagList { { "provider", provider }, { "endpoint", endpoint }, { "model", _models.Of(model) } });

    public void AcquireRetried(string reason) => _acquireRetries.Add(1, new TagList { { "reason", reason } });

    public void BridgeRetired(string provider) => _retired.Add(1, new TagList { { "provider", provider } });

    public void BridgeClosed(string provider, TimeSpan drained) => _drain.Record(drained.TotalSeconds, new TagList { { "provider", provider } });

    public void DrainDeadlinePassed(string provider, int requests) => _cut.Add(requests, new TagList { { "provider", provider } });

    public void RecordDropped() => _recordsDropped.Add(1);

    public void RecordStripped() => _recordsStripped.Add(1);

    public void CredentialRefused(string provider, int status) => _credentialRefusals.Add(1, new TagList { { "provider", provider }, { "status", status } });

    public void RefusalDropped() => _refusalsDropped.Add(1);

    public void LimitsObserved(string provider) => _limitsObserved.Add(1, new TagList { { "provider", provider } });

    public void LimitsWritten(string provider) => _limitsWritten.Add(1, new TagList { { "provider", provider } });

    public void LimitsDropped(string provider) => _limitsDropped.Add(1, new TagList { { "provider", provider } });

    private void Tokens(string provider, string model, string type, long count)
    {
        if (count > 0)
        {
            _tokens.Add(count, new TagList { { "provider", provider }, { "model", model }, { "type", type } });
        }
    }

    private Histogram<double> Seconds(string name, string description, double[] bounds) =>
        _meter.CreateHistogram(name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private static string KnownMethod(string method) =>
        method is "GET" or "POST" or "HEAD" or "DELETE" or "PUT" or "PATCH" or "OPTIONS" ? method : "other";
}
