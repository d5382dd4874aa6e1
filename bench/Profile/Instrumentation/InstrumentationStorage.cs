namespace Trinity.Bench.Profile.Instrumentation;

/// <summary>How the values of an element are stored: the low four bits of its kind.</summary>
internal enum InstrumentationStorage
{
    /// <summary>There are none: all is in the element.</summary>
    None = 0,
    FourByte = 1,
    EightByte = 2,
    TypeHandle = 3,
    MethodHandle = 4,
}
