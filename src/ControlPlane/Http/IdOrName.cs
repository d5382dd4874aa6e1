namespace Trinity.ControlPlane.Http;

/// <summary>The last path segment of a resource: its id when it reads as a UUID, else its name.</summary>
internal readonly record struct IdOrName(Guid? Id, string? Name)
{
    /// <summary>False when the text can be neither, so that no row needs to be looked for.</summary>
    public static bool TryParse(string text, Func<string, bool> isName, out IdOrName result)
    {
        result = Guid.TryParseExact(text, "D", out var id) ? new(id, null) : new(null, text);
        return result.Id is not null || isName(text);
    }

    public override string ToString() => Id?.ToString("D") ?? Name ?? "";
}
