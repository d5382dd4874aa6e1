namespace Trinity.Bench.Load.Cold;

/// <summary>One way of running a program: settings of the runtime, or compiled ahead of time.</summary>
/// <remarks>The runtime reads numbers in its environment as hexadecimal.</remarks>
internal sealed record ColdVariant(string Name, string? Variable, string? Value, bool ReadyToRun)
{
    public static ColdVariant AsShipped { get; } = new("as shipped", null, null, ReadyToRun: false);

    private static readonly ColdVariant WithoutTiers = new("TieredCompilation=0", "DOTNET_TieredCompilation", "0", ReadyToRun: false);

    public static IReadOnlyList<ColdVariant> Few { get; } = [AsShipped, WithoutTiers];

    public static IReadOnlyList<ColdVariant> All { get; } =
    [
        AsShipped,
        new("TieredPGO=0", "DOTNET_TieredPGO", "0", ReadyToRun: false),
        WithoutTiers,
        new("TC_CallCountingDelayMs=100", "DOTNET_TC_CallCountingDelayMs", "64", ReadyToRun: false),
        new("ReadyToRun", null, null, ReadyToRun: true),
        new("ReadyToRun, TieredPGO=0", "DOTNET_TieredPGO", "0", ReadyToRun: true),
    ];
}
