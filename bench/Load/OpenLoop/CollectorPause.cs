using System.Runtime;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>While it lasts, this process collects no garbage, as long as it makes no more than there is room for: its pauses would show in the peers' times. Where there is no room, it collects as ever.</summary>
internal sealed class CollectorPause : IDisposable
{
    private const long Room = 200_000_000; // a request with its sample takes less than a kilobyte

    public CollectorPause() => GC.TryStartNoGCRegion(Room);

    public void Dispose()
    {
        if (GCSettings.LatencyMode == GCLatencyMode.NoGCRegion)
        {
            GC.EndNoGCRegion();
        }
    }
}
