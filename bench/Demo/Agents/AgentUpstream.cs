using System.Collections.Concurrent;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo.Agents;

/// <summary>The provider: answers turns, and holds every request against the token that its turn was begun with.</summary>
internal sealed class AgentUpstream : IAsyncDisposable
{
    private readonly FakeProvider _provider;
    private readonly AgentBoard _board;
    private readonly Failures _failures;
    private readonly ConcurrentDictionary<string, DemoToken> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, Turn> _turns = new();

    private AgentUpstream(FakeProvider provider, AgentBoard board, Failures failures)
    {
        _provider = provider;
        _board = board;
        _failures = failures;
    }

    public string BaseUrl => _provider.BaseUrl;

    public static async Task<AgentUpstream> StartAsync(AgentBoard board, Failures failures)
    {
        var provider = await FakeProvider.StartAsync(new FakeProviderOptions { RecordsRequests = false, VerifiesOnDispose = false });
        var upstream = new AgentUpstream(provider, board, failures);
        provider.Respond(upstream.Answer);
        return upstream;
    }

    /// <summary>Takes note of a token, before Trinity learns of it.</summary>
    public DemoToken AddToken(int number)
    {
        var token = new DemoToken(number);
        _tokens[token.Secret] = token;
        _board.Rotating(token);
        return token;
    }

    public Turn AddTurn(string agent, DemoToken token)
    {
        var turn = new Turn(_turns.Count + 1, agent, token);
        _turns[turn.Number] = turn;
        return turn;
    }

    public ValueTask DisposeAsync() => _provider.DisposeAsync();

    private FakeReply Answer(FakeRequest request)
    {
        if (request.Key is not { } key || !_tokens.TryGetValue(key, out var token))
        {
            _failures.Add($"the provider got {request} with a token that it does not know");
            return FakeReply.Unauthorized();
        }

        _board.Arrived(token);
        if (Turn.NumberIn(request.BodyText) is not { } number || !_turns.TryGetValue(number, out var turn))
        {
            _failures.Add($"the provider got {request}, which belongs to no turn");
            return FakeReply.Empty(500);
        }

        if (token != turn.Token)
        {
            _failures.Add($"turn {turn.Number} was begun with {turn.Token}, and made a request with {token}");
        }

        if (token.IsDeclaredUnused)
        {
            _failures.Add($"the provider got {request} with {token} after that was called safe to revoke");
        }

        return turn.ReplyTo(request);
    }
}
