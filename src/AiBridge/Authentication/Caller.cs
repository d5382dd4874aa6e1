using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Authentication;

/// <summary>Who pays for a request: the holder of a virtual key.</summary>
/// <param name="Key">The virtual key, as configured.</param>
/// <param name="OwnCredential">The client brought its own provider credential (BYOK), which goes upstream untouched.</param>
internal sealed record Caller(VirtualKeyConfig Key, bool OwnCredential);
