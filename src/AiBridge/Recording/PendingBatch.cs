namespace Trinity.AiBridge.Recording;

/// <summary>Records on their way to Postgres: in memory, in a file, or in both.</summary>
/// <remarks>Where they are is one reference, swapped whole: one loop saves the batch while another ships it.</remarks>
internal sealed class PendingBatch
{
    private const int Plain = 700; // a record without tools
    private const int PlainTool = 50; // without its texts

    private static readonly Place Nowhere = new(File: null, Records: null);

    private readonly TaskCompletionSource _shipped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Place _place;

    public PendingBatch(List<Interception> records) => (_place, Count, Weight) = (new Place(File: null, records), records.Count, records.Sum(WeightOf));

    public PendingBatch(JournalFile file) => (_place, Count, Weight) = (new Place(file, Records: null), file.Records, file.Bytes);

    public int Count { get; }

    /// <summary>Characters, about.</summary>
    public long Weight { get; }

    /// <summary>Ends when Postgres has them, or will never take them.</summary>
    public Task Shipped => _shipped.Task;

    public Place Where => Volatile.Read(ref _place);

    /// <summary>Characters, about.</summary>
    public static long WeightOf(Interception record)
    {
        long weight = Plain;
        for (var i = 0; i < record.ToolUsages.Count; i++) // the request path's: no enumerator
        {
            var tool = record.ToolUsages[i];
            weight += PlainTool + tool.Tool.Length + (tool.CallId?.Length ?? 0) + (tool.Input?.Length ?? 0);
        }

        return weight;
    }

    /// <summary>False when they have been shipped meanwhile: nobody needs the file.</summary>
    public bool TryMoveTo(JournalFile file, bool keepInMemory)
    {
        var before = Where;
        return before != Nowhere && Interlocked.CompareExchange(ref _place, before with { File = file, Records = keepInMemory ? before.Records : null }, before) == before;
    }

    /// <summary>Returns the file that held them, if one did.</summary>
    public JournalFile? HasShipped()
    {
        var file = Interlocked.Exchange(ref _place, Nowhere).File;
        _shipped.TrySetResult();
        return file;
    }

    /// <summary>Records that are null are to be read from the file.</summary>
    internal sealed record Place(JournalFile? File, List<Interception>? Records);
}
