namespace Trinity.ControlPlane.Components.Models;

/// <summary>Why there is no page.</summary>
public sealed record ProblemModel(string Title, string Detail);
