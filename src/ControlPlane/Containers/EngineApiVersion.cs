using System.Globalization;

namespace Trinity.ControlPlane.Containers;

/// <summary>A version of the engine's API, such as 1.41.</summary>
internal readonly record struct EngineApiVersion(int Major, int Minor)
{
    /// <summary>The oldest that has all we ask for.</summary>
    public static EngineApiVersion Oldest { get; } = new(1, 41);

    /// <summary>The newest that this client was written against.</summary>
    public static EngineApiVersion Newest { get; } = new(1, 47);

    public static EngineApiVersion? TryParse(string? text) =>
        text?.Split('.') is [var major, var minor]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? new EngineApiVersion(first, second)
            : null;

    /// <summary>The version to speak with an engine: the smaller of its newest and ours.</summary>
    /// <exception cref="EngineException">There is none that both speak.</exception>
    public static EngineApiVersion Agree(string? newest, string? oldest)
    {
        if (TryParse(newest) is not { } theirs)
        {
            throw new EngineException(EngineFault.Failed, $"The container engine names no API version that can be understood ('{newest}').");
        }

        if (theirs.IsOlderThan(Oldest))
        {
            throw new EngineException(EngineFault.Failed, $"The container engine's API {theirs} is too old; {Oldest} or newer is needed.");
        }

        if (TryParse(oldest) is { } least && Newest.IsOlderThan(least))
        {
            throw new EngineException(EngineFault.Failed, $"The container engine speaks API {least} or newer; this release speaks up to {Newest}.");
        }

        return theirs.IsOlderThan(Newest) ? theirs : Newest;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    private bool IsOlderThan(EngineApiVersion other) => Major < other.Major || (Major == other.Major && Minor < other.Minor);
}
