namespace Trinity.Fault.Tests.Support;

/// <summary>Whether the long forms run: <c>TRINITY_LONG_TESTS=1</c>.</summary>
internal static class LongForm
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("TRINITY_LONG_TESTS") == "1";
}
