namespace Trinity.Bench.Demo;

/// <summary>The demo from a provider without requests to the verdict: everything goes through the API and the bridges, as it would for operators and agents.</summary>
internal static class DemoRun
{
    public static async Task<Verdict> RunAsync(DemoOptions options, View view, CancellationToken cancellationToken)
    {
        using var failures = new Failures();
        var board = new Board(options);
        await using var upstream = await Upstream.StartAsync(options, board, failures);
        using var ended = new CancellationTokenSource();
        var showing = view.ShowAsync(board, ended.Token);
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, failures.Stop))
        {
            await failures.GuardAsync("the demo", () => PlayAsync(options, upstream, board, failures, either.Token), either.Token);
        }

        await ended.CancelAsync();
        await showing;
        cancellationToken.ThrowIfCancellationRequested();
        return Verdict.Of(board.Look(), failures.All);
    }

    private static async Task PlayAsync(DemoOptions options, Upstream upstream, Board board, Failures failures, CancellationToken cancellationToken)
    {
        using var controlPlane = new ControlPlane(options.Control, (await File.ReadAllTextAsync(options.TokenFile, cancellationToken)).Trim());
        var first = upstream.Keys.Add(0);
        board.Rotating(first);
        var applied = await controlPlane.AddProviderAsync(upstream.BaseUrl, first, cancellationToken);
        if (!applied.Complete || applied.Replicas != options.Bridges.Count)
        {
            failures.Add($"the provider was applied by {applied.Replicas} of {options.Bridges.Count} bridges");
            return;
        }

        using var traffic = new Traffic(options, await controlPlane.AddVirtualKeyAsync(cancellationToken), board, failures);
        await RotateUnderTrafficAsync(new Rotator(options, controlPlane, upstream.Keys, board, failures), first, traffic, failures, cancellationToken);
    }

    private static async Task RotateUnderTrafficAsync(Rotator rotator, DemoKey first, Traffic traffic, Failures failures, CancellationToken cancellationToken)
    {
        using var rotated = new CancellationTokenSource();
        using var proven = new CancellationTokenSource();
        var streams = traffic.KeepStreamsOpenAsync(rotated.Token, cancellationToken);
        var requests = traffic.KeepAskingAsync(proven.Token, cancellationToken);
        await failures.GuardAsync("rotating the key", () => rotator.RotateAsync(first, cancellationToken), cancellationToken);
        await rotated.CancelAsync();
        await rotator.FinishAsync();
        await proven.CancelAsync();
        await Task.WhenAll(streams, requests);
    }
}
