namespace Trinity.ControlPlane.Components.Models;

/// <summary>What a form shows: nothing at first; after a mistake what was typed and what was wrong with it. Never a secret.</summary>
public sealed record FormState
{
    public static FormState Empty { get; } = new();

    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public ILookup<string, string> Errors { get; init; } = Array.Empty<string>().ToLookup(text => text, StringComparer.Ordinal);

    /// <summary>What was wrong on the whole; null: nothing.</summary>
    public string? Message { get; init; }

    public string? ValueOf(string name) => Values.GetValueOrDefault(name);
}
