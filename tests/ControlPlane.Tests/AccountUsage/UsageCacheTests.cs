using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage;

public sealed class UsageCacheTests
{
    private static readonly UsageKey Key = new(UsageChannels.Anthropic, "subscription:1", "fingerprint");

    private readonly ManualTimeProvider _time = new();
    private readonly UsageCache _cache;

    public UsageCacheTests() => _cache = new UsageCache(_time, TimeSpan.FromSeconds(45), capacity: 3);

    [Fact] // G-2
    public async Task FiftyAtOnce_OneAsks_AndAllGetItsAnswer()
    {
        var held = new TaskCompletionSource<UsageAnswer>();
        var asked = 0;

        var waiting = Enumerable.Range(0, 50).Select(_ => _cache.AskAsync(Key, () =>
        {
            Interlocked.Increment(ref asked);
            return held.Task;
        })).ToList();
        held.SetResult(Known());

        Assert.All(await Task.WhenAll(waiting), answer => Assert.Same(waiting[0].Result, answer));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task Answer_IsFreshFor45Seconds_AndServedForLonger()
    {
        var answer = await _cache.AskAsync(Key, () => Task.FromResult(Known()));

        _time.Advance(TimeSpan.FromSeconds(44));
        Assert.True(_cache.IsFresh(answer));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_cache.IsFresh(answer));
        Assert.Same(answer, _cache.Find(Key));
    }

    [Theory] // P-61
    [InlineData(UsageVerdict.InvalidCredential, true)]
    [InlineData(UsageVerdict.Unsupported, true)]
    [InlineData(UsageVerdict.NoCredential, true)]
    [InlineData(UsageVerdict.Unavailable, false)]
    public async Task Verdict_IsKeptUnlessItIsTransient(object verdict, bool isKept)
    {
        var answer = await _cache.AskAsync(Key, () => Task.FromResult(Of((UsageVerdict)verdict)));

        Assert.Equal(isKept ? answer : null, _cache.Find(Key));
    }

    [Fact] // P-61
    public async Task TransientFailure_NeverEvictsAGoodAnswer()
    {
        var good = await _cache.AskAsync(Key, () => Task.FromResult(Known()));

        var failed = await _cache.AskAsync(Key, () => Task.FromResult(Of(UsageVerdict.Unavailable)));

        Assert.Equal(UsageVerdict.Unavailable, failed.Reply.Verdict);
        Assert.Same(good, _cache.Find(Key));
    }

    [Fact] // P-51
    public async Task Invalidate_ForgetsTheChannelForEveryAccount_AndNoOther()
    {
        var other = Key with { Account = "home:a:anthropic" };
        var codex = Key with { Channel = UsageChannels.Codex };
        foreach (var key in (UsageKey[])[Key, other, codex])
        {
            await _cache.AskAsync(key, () => Task.FromResult(Known()));
        }

        _cache.Invalidate(UsageChannels.Anthropic);

        Assert.Equal((null, null, true), (_cache.Find(Key), _cache.Find(other), _cache.Find(codex) is not null));
        _cache.Invalidate(null);
        Assert.Null(_cache.Find(codex));
    }

    [Fact] // G-4
    public async Task InvalidatedWhileAsking_TheAnswerIsNotKept_AndWhoComesLaterAsksAnew()
    {
        var old = new TaskCompletionSource<UsageAnswer>();
        var first = _cache.AskAsync(Key, () => old.Task);
        _cache.Invalidate(UsageChannels.Anthropic);
        var second = await _cache.AskAsync(Key, () => Task.FromResult(Known()));

        old.SetResult(Of(UsageVerdict.InvalidCredential));

        Assert.Equal(UsageVerdict.InvalidCredential, (await first).Reply.Verdict); // who waited gets what was said
        Assert.Same(second, _cache.Find(Key));
    }

    [Fact] // G-4
    public async Task AskedWithAnotherCredential_TheAnswerIsNotKept()
    {
        await _cache.AskAsync(Key, () => Task.FromResult(Known() with { Credential = "its successor" }));

        Assert.Null(_cache.Find(Key));
    }

    [Fact]
    public async Task WhoLeaves_LeavesTheOthersAlone()
    {
        var held = new TaskCompletionSource<UsageAnswer>();
        using var gone = new CancellationTokenSource();
        var leaving = _cache.AskAsync(Key, () => held.Task).WaitAsync(gone.Token);
        var staying = _cache.AskAsync(Key, () => held.Task);

        await gone.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => leaving);
        held.SetResult(Known());

        Assert.Same(await staying, _cache.Find(Key));
    }

    [Fact]
    public async Task AskThrows_EverybodyHearsOfIt_AndTheNextAsksAnew()
    {
        var held = new TaskCompletionSource<UsageAnswer>();
        var waiting = Enumerable.Range(0, 3).Select(_ => _cache.AskAsync(Key, () => held.Task)).ToList();

        held.SetException(new InvalidOperationException("no database"));

        foreach (var each in waiting)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => each);
        }

        Assert.NotNull(await _cache.AskAsync(Key, () => Task.FromResult(Known())));
    }

    [Fact]
    public async Task MoreThanItsCapacity_TheOldestGo()
    {
        for (var i = 0; i < 5; i++)
        {
            await _cache.AskAsync(Key with { Account = $"{i}" }, () => Task.FromResult(Known()));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, _cache.Count);
        Assert.Equal(new[] { false, false, true, true, true }, Enumerable.Range(0, 5).Select(i => _cache.Find(Key with { Account = $"{i}" }) is not null));
    }

    private UsageAnswer Known() => Of(UsageVerdict.Known);

    private UsageAnswer Of(UsageVerdict verdict) => new(new UsageReply(verdict), Key.Credential, _time.GetUtcNow());
}
