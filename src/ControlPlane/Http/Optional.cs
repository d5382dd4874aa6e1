namespace Trinity.ControlPlane.Http;

/// <summary>A member of a PATCH body: omitted (leave it), or present with a value, which may be null (clear it).</summary>
internal readonly record struct Optional<T>(bool IsPresent, T Value)
{
    /// <summary>The value if one was sent, else what is there already.</summary>
    public T Or(T current) => IsPresent ? Value : current;
}

internal static class Optional
{
    public static Optional<T> Of<T>(T value) => new(IsPresent: true, value);
}
