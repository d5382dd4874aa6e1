using System.Text.Json;

namespace Trinity.ControlPlane.Replicas;

/// <summary>A retired bridge that still serves requests, as its replica reports it in <c>bridge_replicas.draining</c>.</summary>
internal sealed record DrainingBridge
{
    public required Guid ProviderId { get; init; }

    public required string Revision { get; init; }

    public required IReadOnlyList<Guid> KeyIds { get; init; }

    public required int Leases { get; init; }

    public required DateTimeOffset Since { get; init; }

    /// <summary>Null when the report is of a shape that we do not know: then nothing may be concluded from it.</summary>
    public static IReadOnlyList<DrainingBridge>? Parse(string json)
    {
        try
        {
            var bridges = JsonSerializer.Deserialize(json, ControlPlaneJson.Default.DrainingBridgeArray);
            return bridges is null || Array.Exists(bridges, bridge => bridge is not { KeyIds: not null, Leases: >= 0 }) ? null : bridges;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
