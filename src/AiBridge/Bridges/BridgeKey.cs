namespace Trinity.AiBridge.Bridges;

/// <summary>What a bridge is cached under: a provider and the revision of everything the bridge was built from.</summary>
internal sealed record BridgeKey(Guid ProviderId, string Revision);
