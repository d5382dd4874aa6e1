namespace Trinity.ControlPlane.Components.Models;

/// <summary>Whoever looks at a page.</summary>
/// <param name="Name">The operator token's name.</param>
/// <param name="MayChange">Whether it is an admin's.</param>
public sealed record SignedIn(string Name, bool MayChange);
