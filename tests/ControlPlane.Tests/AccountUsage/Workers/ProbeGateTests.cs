using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>Who may probe when: P-27, G-3.</summary>
public sealed class ProbeGateTests
{
    [Fact] // P-27
    public async Task Enter_AllTurnsTaken_WaitsUntilOneIsGivenBack()
    {
        var gate = new ProbeGate(2, 1);
        using var first = await EnterAsync(gate, "a");
        var second = await EnterAsync(gate, "b");
        var third = EnterAsync(gate, "c");
        Assert.False(third.IsCompleted);

        second.Dispose();

        (await third).Dispose();
    }

    [Fact] // P-27, G-3
    public async Task Enter_HomeHasAllItsTurns_Waits_AndOthersDoNot()
    {
        var gate = new ProbeGate(8, 3);
        var hung = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => EnterAsync(gate, "hung")));
        var more = Enumerable.Range(0, 100).Select(_ => EnterAsync(gate, "hung")).ToArray();

        foreach (var home in Enumerable.Range(0, 50))
        {
            var turn = EnterAsync(gate, $"home {home}");
            Assert.True(turn.IsCompletedSuccessfully, "a home that hangs delays no other");
            (await turn).Dispose();
        }

        Assert.DoesNotContain(more, turn => turn.IsCompleted);
        Assert.Equal(3, hung.Length);
    }

    [Fact] // G-3: in turn by home, and within a home first come, first served
    public async Task Enter_ManyWait_HomesTakeTurns()
    {
        var gate = new ProbeGate(1, 1);
        var running = await EnterAsync(gate, "z");
        var waiting = ((string[])["a1", "a2", "a3", "b1", "b2", "c1"]).ToDictionary(name => EnterAsync(gate, name[..1]));

        var order = new List<string>();
        while (waiting.Count > 0)
        {
            running.Dispose();
            var turn = await Task.WhenAny(waiting.Keys);
            order.Add(waiting[turn]);
            waiting.Remove(turn);
            running = await turn;
        }

        Assert.Equal(["a1", "b1", "c1", "a2", "b2", "a3"], order);
        running.Dispose();
    }

    [Fact]
    public async Task Enter_CancelledInLine_TakesNoTurn_AndTheOthersMoveUp()
    {
        var gate = new ProbeGate(1, 1);
        var running = await EnterAsync(gate, "a");
        using var caller = new CancellationTokenSource();
        var gone = gate.EnterAsync("b", caller.Token);
        var next = EnterAsync(gate, "c");

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.False(next.IsCompleted);
        running.Dispose();
        (await next).Dispose();
        (await EnterAsync(gate, "b")).Dispose();
    }

    [Fact]
    public async Task Leave_Twice_GivesOneTurnBack()
    {
        var gate = new ProbeGate(2, 2);
        var first = await EnterAsync(gate, "a");
        using var second = await EnterAsync(gate, "a");
        var third = EnterAsync(gate, "a");
        var fourth = EnterAsync(gate, "a");

        first.Dispose();
        first.Dispose();

        (await third).Dispose();
        (await fourth).Dispose();
    }

    [Fact] // P-27
    public async Task Enter_ManyThreads_SomeGiveUp_NeverTooMany_AndAllGetIn()
    {
        const int Total = 4, PerHome = 2;
        var gate = new ProbeGate(Total, PerHome);
        var (running, byHome) = (0, new int[6]);
        await Task.WhenAll(Enumerable.Range(0, 24).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 200; round++)
            {
                var home = random.Next(byHome.Length);
                using var patience = new CancellationTokenSource();
                var entering = gate.EnterAsync($"{home}", patience.Token);
                if (random.Next(4) == 0)
                {
                    await patience.CancelAsync();
                }

                try
                {
                    using var turn = await entering;
                    Assert.InRange(Interlocked.Increment(ref running), 1, Total);
                    Assert.InRange(Interlocked.Increment(ref byHome[home]), 1, PerHome);
                    await Task.Yield();
                    Interlocked.Decrement(ref byHome[home]);
                    Interlocked.Decrement(ref running);
                }
                catch (OperationCanceledException)
                {
                    // It gave up, perhaps in the moment in which it was let in.
                }
            }
        })));

        var all = await Task.WhenAll(Enumerable.Range(0, Total).Select(home => EnterAsync(gate, $"{home}")));
        Assert.Equal(Total, all.Length);
    }

    private static Task<IDisposable> EnterAsync(ProbeGate gate, string home) => gate.EnterAsync(home, Timeouts.Token);
}
