using System.Text;
using Microsoft.AspNetCore.Http;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>How an agent of this name misbehaves, and what has reached it, over all of its containers.</summary>
/// <remarks><c>_lock</c> guards all fields; nothing is awaited inside.</remarks>
internal sealed class AgentScript
{
    public const string Reload = "/api/credentials/reload-token";
    public const string Status = "/api/credentials/status";
    public const string Health = "/health";

    /// <summary>Every path.</summary>
    public const string All = "";

    private readonly Lock _lock = new();
    private readonly StateSignal _signal = new();
    private readonly List<Rule> _rules = [];
    private readonly List<string> _requests = [];
    private readonly List<ReceivedReload> _reloads = [];
    private bool _staysDown;

    /// <summary>How one request is treated instead; <paramref name="next"/> is the agent server.</summary>
    internal delegate Task Treatment(HttpContext context, RequestDelegate next, CancellationToken stopping);

    /// <summary>Whether a container's start leaves the server down: nobody listens at its port.</summary>
    public bool StaysDown
    {
        get => Volatile.Read(ref _staysDown);
        set => Volatile.Write(ref _staysDown, value);
    }

    /// <summary>All that came, as <c>POST /api/…</c>.</summary>
    public IReadOnlyList<string> Requests => Read(_requests);

    /// <summary>The reloads that came, oldest first.</summary>
    public IReadOnlyList<ReceivedReload> Reloads => Read(_reloads);

    /// <summary>The generations that the agent has taken, in this order.</summary>
    public IReadOnlyList<long> Applied => [.. Reloads.Where(reload => reload.Status == StatusCodes.Status200OK).Select(reload => reload.Generation)];

    /// <summary>Requests to this path have arrived, and nothing more happens to them until the gate is opened: then the agent goes on with them, whether or not the client is still there.</summary>
    public Gate Hold(string path, int? times = null)
    {
        var gate = new Gate();
        Add(path, times, async (context, next, stopping) =>
        {
            await gate.PassAsync(stopping);
            context.RequestAborted = stopping;
            await next(context);
        });
        return gate;
    }

    /// <summary>The agent server never sees the request; this is said in its place.</summary>
    public void Answer(string path, int status, string body, string type = "application/json", int? times = null) => Add(path, times, async (context, _, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body), context.RequestAborted);
    });

    /// <summary>The connection is cut, and the request with it; of a reload it is kept as 499.</summary>
    public void Cut(string path, int? times = null) => Add(path, times, (context, _, _) =>
    {
        context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        context.Abort();
        return Task.CompletedTask;
    });

    /// <summary>The agent does what it is asked, and the connection is cut before it can say so.</summary>
    public void LoseReply(string path, int? times = null) => Add(path, times, async (context, next, stopping) =>
    {
        await WithoutReplyAsync(context, next, stopping);
        context.Abort();
    });

    /// <summary>The same, and the connection stays open: the client waits for nothing.</summary>
    public Gate SwallowReply(string path, int? times = null)
    {
        var gate = new Gate();
        Add(path, times, async (context, next, stopping) =>
        {
            await WithoutReplyAsync(context, next, stopping);
            await gate.PassAsync(stopping);
            context.Abort();
        });
        return gate;
    }

    /// <summary>From now on it behaves.</summary>
    public void Recover()
    {
        lock (_lock)
        {
            _rules.Clear();
        }
    }

    /// <summary>Forgets what has come so far.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _requests.Clear();
            _reloads.Clear();
        }
    }

    /// <summary>Waits until what has come and been done is like this.</summary>
    public Task WhenAsync(Func<AgentScript, bool> condition, string because) =>
        _signal.WaitAsync(() => condition(this), () => $"{because}; it got {string.Join(", ", Requests)}; reloads: {string.Join(", ", Reloads)}.", CancellationToken.None);

    /// <summary>Waits until the agent has taken this generation.</summary>
    public Task WhenAppliedAsync(long generation) => WhenAsync(script => script.Applied.Contains(generation), $"generation {generation} should be applied");

    internal void Received(string request, ReceivedReload? reload)
    {
        lock (_lock)
        {
            _requests.Add(request);
            if (reload is not null)
            {
                _reloads.Add(reload);
            }
        }

        _signal.Changed();
    }

    internal void Changed() => _signal.Changed();

    /// <summary>The first rule for this path that is not used up; null: the server is to answer.</summary>
    internal Treatment? Take(string path)
    {
        lock (_lock)
        {
            var rule = _rules.Find(rule => rule.Left != 0 && path.StartsWith(rule.Path, StringComparison.Ordinal));
            if (rule is { Left: > 0 })
            {
                rule.Left--;
            }

            return rule?.Treatment;
        }
    }

    private static async Task WithoutReplyAsync(HttpContext context, RequestDelegate next, CancellationToken stopping)
    {
        context.RequestAborted = stopping;
        context.Response.Body = Stream.Null;
        await next(context);
    }

    private void Add(string path, int? times, Treatment treatment)
    {
        lock (_lock)
        {
            _rules.Add(new Rule(path, treatment) { Left = times ?? -1 });
        }
    }

    private List<T> Read<T>(List<T> items)
    {
        lock (_lock)
        {
            return [.. items];
        }
    }

    private sealed class Rule(string path, Treatment treatment)
    {
        public string Path => path;

        public Treatment Treatment => treatment;

        /// <summary>Below zero: for ever.</summary>
        public int Left { get; set; }
    }
}
