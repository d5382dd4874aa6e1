namespace Trinity.AiBridge.Bridges;

/// <summary>What a connection pool is shared by: scheme, host and port, which also settle TLS. Rotating a key keeps its warm connections.</summary>
internal readonly record struct InvokerKey(string Authority)
{
    public static InvokerKey Of(string baseUrl) => new(new Uri(baseUrl).GetLeftPart(UriPartial.Authority));
}
