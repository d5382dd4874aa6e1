namespace Trinity.Bench.Load.Cold;

/// <summary>One way of running a program: as it is shipped, or by the just-in-time compiler, with settings of the runtime or with compiled code beside the other.</summary>
/// <remarks>AiBridge is shipped as a native program, the bare forwarder for the just-in-time compiler. The runtime reads numbers in its environment as hexadecimal.</remarks>
internal sealed record ColdVariant(string Name, string? Variable, string? Value, bool ReadyToRun)
{
    public static ColdVariant AsShipped { get; } = new("as shipped", null, null, ReadyToRun: false);

    /// <summary>What the bare forwarder is shipped as, and the bridge is not.</summary>
    public static ColdVariant JustInTime { get; } = new("just-in-time compiler", null, null, ReadyToRun: false);

    private static readonly ColdVariant WithoutTiers = new("TieredCompilation=0", "DOTNET_TieredCompilation", "0", ReadyToRun: false);

    public static IReadOnlyList<ColdVariant> Few { get; } = [AsShipped, WithoutTiers];

    public static IReadOnlyList<ColdVariant> All { get; } =
    [
        AsShipped,
        JustInTime,
        new("TieredPGO=0", "DOTNET_TieredPGO", "0", ReadyToRun: false),
        WithoutTiers,
        new("TC_CallCountingDelayMs=100", "DOTNET_TC_CallCountingDelayMs", "64", ReadyToRun: false),
        new("ReadyToRun", null, null, ReadyToRun: true),
        new("ReadyToRun, TieredPGO=0", "DOTNET_TieredPGO", "0", ReadyToRun: true),
    ];
}
