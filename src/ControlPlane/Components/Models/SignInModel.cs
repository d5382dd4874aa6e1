namespace Trinity.ControlPlane.Components.Models;

/// <summary>The sign-in page.</summary>
/// <param name="ReturnPath">Where to go afterwards; null: to the console's first page.</param>
/// <param name="Form">What was wrong, if anything.</param>
public sealed record SignInModel(string? ReturnPath, FormState Form);
