namespace Trinity.AiBridge.Bridges;

/// <summary>Upstream connection pools, shared by the bridges that lead to the same place and closed with the last of them.</summary>
/// <remarks><c>_invokers</c> and its counts are read and written under <c>_gate</c> alone, which is a leaf: nothing is locked inside.</remarks>
internal sealed class InvokerPool(Func<HttpMessageInvoker> create)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<InvokerKey, Entry> _invokers = [];

    /// <summary>Connection pools in being.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _invokers.Count;
            }
        }
    }

    public HttpMessageInvoker Acquire(InvokerKey key)
    {
        lock (_gate)
        {
            if (!_invokers.TryGetValue(key, out var entry))
            {
                entry = new Entry(create());
                _invokers.Add(key, entry);
            }

            entry.Uses++;
            return entry.Invoker;
        }
    }

    public void Release(InvokerKey key)
    {
        HttpMessageInvoker? unused = null;
        lock (_gate)
        {
            var entry = _invokers[key];
            if (--entry.Uses == 0)
            {
                _invokers.Remove(key);
                unused = entry.Invoker;
            }
        }

        unused?.Dispose();
    }

    private sealed class Entry(HttpMessageInvoker invoker)
    {
        public HttpMessageInvoker Invoker => invoker;
        public int Uses { get; set; }
    }
}
