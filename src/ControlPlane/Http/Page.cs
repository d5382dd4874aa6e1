namespace Trinity.ControlPlane.Http;

/// <summary>A whole list.</summary>
internal sealed record ItemList<T>(IReadOnlyList<T> Items);

/// <summary>One page of a list; pass <see cref="Next"/> as <c>after</c> for the next one. Null: this was the last.</summary>
internal sealed record Page<T>(IReadOnlyList<T> Items, Guid? Next)
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;
}

internal static class Page
{
    /// <summary>Makes a page of the <paramref name="limit"/> + 1 rows that were asked for; the extra one only says that there is more.</summary>
    public static Page<T> Of<T>(IReadOnlyList<T> rows, int limit, Func<T, Guid> id) =>
        rows.Count > limit ? new([.. rows.Take(limit)], id(rows[limit - 1])) : new(rows, null);
}
