namespace Trinity.Bench.Load.Peers;

/// <summary>What is measured: a gateway in front of the upstream, or the upstream itself.</summary>
/// <param name="Name">As the report calls it.</param>
/// <param name="ProcessId">Whose processor time and memory count; children included.</param>
/// <param name="Address">Where a workload's requests go.</param>
/// <param name="Headers">What they carry besides the content type.</param>
/// <param name="AllocatedBytes">Managed bytes allocated so far; null where there is no such number.</param>
internal sealed record Peer(
    string Name,
    int ProcessId,
    Func<Workload, Uri> Address,
    Func<Workload, IReadOnlyDictionary<string, string>> Headers,
    Func<Task<long?>> AllocatedBytes)
{
    public const string Direct = "direct";
    public const string Forwarder = "bare YARP";
    public const string Nginx = "nginx";
    public const string Portkey = "Portkey";
    public const string Bridge = "AiBridge";
    public const string Rotating = "AiBridge, 1 rotation/s";
}
