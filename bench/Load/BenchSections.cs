namespace Trinity.Bench.Load;

/// <summary>The parts of a run, each of which can be asked for alone.</summary>
[Flags]
internal enum BenchSections
{
    None = 0,
    Saturated = 1,
    Half = 2,
    Rates = 4,
    Paced = 8,
    Cold = 16,

    /// <summary>What rotations change. It compares what other sections measure, so it brings those along.</summary>
    Rotation = 32,

    Warm = Saturated | Half | Rates | Paced | Rotation,
    All = Warm | Cold,
}
