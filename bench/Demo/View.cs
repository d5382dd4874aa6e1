namespace Trinity.Bench.Demo;

/// <summary>Shows the board while it changes.</summary>
internal abstract class View
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>A table that is drawn in place on a terminal, a line per rotation elsewhere.</summary>
    public static View Of(TextWriter output) => Console.IsOutputRedirected ? new LineView(output) : new TableView(output);

    /// <summary>Shows until the end, and then once more.</summary>
    public async Task ShowAsync(Board board, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            await DrawAsync(board.Look());
            await Task.Delay(Interval, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await DrawAsync(board.Look());
    }

    protected abstract Task DrawAsync(BoardState state);
}
