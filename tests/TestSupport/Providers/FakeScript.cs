namespace Trinity.TestSupport.Providers;

/// <summary>Decides what each request is answered, and keeps the account of what was and was not scripted.</summary>
/// <remarks><c>_lock</c> guards everything; replies are made outside it.</remarks>
internal sealed class FakeScript
{
    private readonly Lock _lock = new();
    private readonly List<FakeExpectation> _expectations = [];
    private readonly List<string> _violations = [];
    private Func<FakeRequest, FakeReply>? _handler;

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_lock)
            {
                return [.. _violations];
            }
        }
    }

    public void Add(FakeExpectation expectation)
    {
        lock (_lock)
        {
            _expectations.Add(expectation);
        }
    }

    public void Handle(Func<FakeRequest, FakeReply> handler)
    {
        lock (_lock)
        {
            _handler = handler;
        }
    }

    public void AddViolation(string violation)
    {
        lock (_lock)
        {
            _violations.Add(violation);
        }
    }

    public FakeReply ReplyTo(FakeRequest request)
    {
        var reply = Choose(request);
        if (reply is null)
        {
            return FakeReply.Json(599, """{"error":{"type":"unscripted_call","message":"The fake provider was not told to expect this call."}}""");
        }

        try
        {
            return reply(request);
        }
        catch (Exception exception)
        {
            AddViolation($"{request}: the reply could not be made: {exception}");
            return FakeReply.Json(599, """{"error":{"type":"broken_script","message":"The fake provider's script threw."}}""");
        }
    }

    /// <summary>All that went wrong so far, or null.</summary>
    public string? Faults()
    {
        lock (_lock)
        {
            var missing = _expectations.Where(e => e.Seen < e.Expected).Select(e => $"did not arrive: {e}");
            List<string> faults = [.. _violations, .. missing];
            return faults.Count == 0 ? null : string.Join(Environment.NewLine, faults.Prepend("The fake provider was not called as scripted:"));
        }
    }

    private Func<FakeRequest, FakeReply>? Choose(FakeRequest request)
    {
        lock (_lock)
        {
            List<string> reasons = [];
            foreach (var expectation in _expectations.Where(e => e.Seen < e.Expected))
            {
                if (expectation.Mismatch(request) is { } reason)
                {
                    reasons.Add($"{Environment.NewLine}    is not [{expectation}]: {reason}");
                    continue;
                }

                expectation.Seen++;
                return expectation.ReplyTo;
            }

            if (_handler is null)
            {
                _violations.Add($"unscripted call {request}{string.Concat(reasons)}");
            }

            return _handler;
        }
    }
}
