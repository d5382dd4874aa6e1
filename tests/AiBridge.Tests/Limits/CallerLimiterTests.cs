using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Limits;
using Trinity.AiBridge.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Limits;

public sealed class CallerLimiterTests : IAsyncDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1"); // no budget here asks it anything
    private readonly TokenBudgets _budgets;
    private readonly CallerLimiter _limiter;

    public CallerLimiterTests()
    {
        _budgets = new TokenBudgets(_database, new ConfigProvider(), _time, NullLogger<TokenBudgets>.Instance);
        _limiter = new CallerLimiter(_budgets, _time);
    }

    [Fact]
    public void TryAdmit_NoLimits_AlwaysAdmits()
    {
        for (var i = 0; i < 10_000; i++)
        {
            Assert.NotNull(_limiter.TryAdmit(Caller(VirtualKeyLimits.None), out _));
        }
    }

    [Fact]
    public void TryAdmit_RateUsedUp_WaitsForTheNextToken()
    {
        var caller = Caller(new VirtualKeyLimits { RequestsPerMinute = 6 });
        for (var i = 0; i < 6; i++)
        {
            Assert.Null(Refusal(caller));
        }

        var refusal = Refusal(caller);
        Assert.Equal((429, "rate_limited", TimeSpan.FromSeconds(10)), (refusal!.Status, refusal.Code, refusal.RetryAfter));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.NotNull(Refusal(caller));
        _time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Null(Refusal(caller));
        Assert.NotNull(Refusal(caller));
    }

    [Fact]
    public void TryAdmit_LongPause_FillsTheBucketAndNoMore()
    {
        var caller = Caller(new VirtualKeyLimits { RequestsPerMinute = 3 });
        Assert.Null(Refusal(caller));
        _time.Advance(TimeSpan.FromHours(5));

        Assert.Equal(3, Enumerable.Range(0, 10).Count(_ => Refusal(caller) is null));
    }

    [Fact]
    public void TryAdmit_Concurrency_IsFreedByTheAdmissionOnce()
    {
        var caller = Caller(new VirtualKeyLimits { MaxConcurrent = 2 });
        var first = _limiter.TryAdmit(caller, out _);
        using var second = _limiter.TryAdmit(caller, out _);
        Assert.Equal((429, "concurrency_limited"), (Refusal(caller)!.Status, Refusal(caller)!.Code));

        first!.Dispose();
        first.Dispose();

        using var third = _limiter.TryAdmit(caller, out _);
        Assert.NotNull(third);
        Assert.Null(_limiter.TryAdmit(caller, out _));
    }

    [Fact]
    public void TryAdmit_RefusedForConcurrency_CostsNoRate()
    {
        var caller = Caller(new VirtualKeyLimits { MaxConcurrent = 1, RequestsPerMinute = 2 });
        var first = _limiter.TryAdmit(caller, out _);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal("concurrency_limited", Refusal(caller)!.Code);
        }

        first!.Dispose();

        Assert.Null(Refusal(caller));
        Assert.Equal("rate_limited", Refusal(caller)!.Code);
    }

    [Fact]
    public void TryAdmit_OtherKey_HasItsOwnLimits()
    {
        var limits = new VirtualKeyLimits { MaxConcurrent = 1 };
        using var one = _limiter.TryAdmit(Caller(limits, id: 1), out _);

        using var other = _limiter.TryAdmit(Caller(limits, id: 2), out _);

        Assert.NotNull(other);
    }

    [Fact]
    public async Task TryAdmit_ManyThreads_NeverMoreThanTheLimit()
    {
        var caller = Caller(new VirtualKeyLimits { MaxConcurrent = 3 });
        var running = 0;
        var most = 0;
        await Parallel.ForAsync(0, 5000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            using var admission = _limiter.TryAdmit(caller, out var _);
            if (admission is not null)
            {
                InterlockedMax(ref most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
            }
        });

        Assert.InRange(most, 1, 3);
        Assert.Null(Refusal(caller)); // and all places are free again
    }

    public async ValueTask DisposeAsync()
    {
        _budgets.Dispose();
        await _database.DisposeAsync();
    }

    /// <summary>Admits and releases at once; the error when refused.</summary>
    private BridgeError? Refusal(Caller caller)
    {
        using var admission = _limiter.TryAdmit(caller, out var error);
        return error;
    }

    private static Caller Caller(VirtualKeyLimits limits, int id = 1) =>
        new(new VirtualKeyConfig { Id = new Guid(id, 0, 0, new byte[8]), Name = "k", Hash = [], Limits = limits }, OwnCredential: false);

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
