using System.Text.Json;

namespace Trinity.TestSupport.Providers;

/// <summary>One scripted call: what must arrive, and what is answered.</summary>
/// <remarks>Set up by the test before the call arrives; the script's lock guards <see cref="Seen"/>.</remarks>
public sealed class FakeExpectation
{
    private readonly List<(string Claim, Func<FakeRequest, bool> Holds)> _conditions = [];
    private readonly string _method;
    private readonly string _target;
    private Func<FakeRequest, FakeReply> _reply = _ => FakeReply.Json(200, "{}");

    internal FakeExpectation(string method, string target)
    {
        _method = method;
        _target = target;
    }

    internal int Expected { get; private set; } = 1;

    internal int Seen { get; set; }

    /// <summary>Adds a condition; the claim is what a failure prints.</summary>
    public FakeExpectation Where(string claim, Func<FakeRequest, bool> condition)
    {
        _conditions.Add((claim, condition));
        return this;
    }

    public FakeExpectation WithHeader(string name, string value) =>
        Where($"header {name} is '{value}'", request => string.Equals(request.Header(name), value, StringComparison.Ordinal));

    public FakeExpectation WithoutHeader(string name) =>
        Where($"header {name} is absent", request => request.Header(name) is null);

    public FakeExpectation WithKey(string key) =>
        Where("the key is the expected one", request => string.Equals(request.Key, key, StringComparison.Ordinal));

    public FakeExpectation WithBody(string claim, Func<JsonElement, bool> condition) => Where(claim, request => condition(request.Json));

    public FakeExpectation Times(int count)
    {
        Expected = count;
        return this;
    }

    public FakeExpectation Reply(FakeReply reply) => Reply(_ => reply);

    public FakeExpectation Reply(Func<FakeRequest, FakeReply> reply)
    {
        _reply = reply;
        return this;
    }

    public override string ToString()
    {
        var times = Expected == 1 ? "" : $" ({Seen} of {Expected} times)";
        return $"{_method} {_target}{times}" + string.Concat(_conditions.Select(condition => $", {condition.Claim}"));
    }

    internal FakeReply ReplyTo(FakeRequest request) => _reply(request);

    /// <summary>Null when the request is the expected one, otherwise what is wrong with it.</summary>
    internal string? Mismatch(FakeRequest request)
    {
        var target = _target.Contains('?', StringComparison.Ordinal) ? request.Path + request.Query : request.Path;
        if (!string.Equals(_method, request.Method, StringComparison.Ordinal) || !string.Equals(_target, target, StringComparison.Ordinal))
        {
            return "another method or path";
        }

        foreach (var (claim, holds) in _conditions)
        {
            try
            {
                if (!holds(request))
                {
                    return $"not true that {claim}";
                }
            }
            catch (Exception exception)
            {
                return $"could not tell whether {claim}: {exception.Message}";
            }
        }

        return null;
    }
}
