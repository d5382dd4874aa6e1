namespace Trinity.TestSupport.Providers;

/// <summary>The requests received so far.</summary>
/// <remarks><c>_lock</c> guards the list; it is sorted because bodies may finish in another order than heads.</remarks>
internal sealed class FakeRequestLog
{
    private readonly Lock _lock = new();
    private readonly List<FakeRequest> _requests = [];
    private readonly StateSignal _signal = new();

    public IReadOnlyList<FakeRequest> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _requests];
            }
        }
    }

    public void Add(FakeRequest request)
    {
        lock (_lock)
        {
            var index = _requests.Count;
            while (index > 0 && _requests[index - 1].Order > request.Order)
            {
                index--;
            }

            _requests.Insert(index, request);
        }

        _signal.Changed();
    }

    public async Task<FakeRequest> WhenReceivedAsync(int count, CancellationToken cancellationToken)
    {
        await _signal.WaitAsync(() => All.Count >= count, () => $"{count} requests should have arrived, {All.Count} did.", cancellationToken);
        return All[count - 1];
    }
}
