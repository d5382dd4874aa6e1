using FsCheck;
using FsCheck.Fluent;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Tries a property on generated cases: the same ones in every run. A failure tells the smallest case found and the seed of it.</summary>
internal static class PropertyCheck
{
    private const ulong Seed = 20_261_121;
    private const ulong Gamma = 1_789_569_707; // odd, as the generator wants it

    private static Config Settings(int cases) => Config.QuickThrowOnFailure.WithMaxTest(cases).WithReplay(Seed, Gamma).WithQuietOnSuccess(true);

    public static void Holds<T>(Gen<T> gen, Func<T, IEnumerable<T>> shrink, Action<T> property, int cases = 500) =>
        Check.One(Settings(cases), Prop.ForAll(Arb.From(gen, shrink), property));

    public static void Holds<T>(Gen<T> gen, Action<T> property, int cases = 500) =>
        Check.One(Settings(cases), Prop.ForAll(gen.ToArbitrary(), property));

    public static void HoldsAsync<T>(Gen<T> gen, Func<T, IEnumerable<T>> shrink, Func<T, Task> property, int cases = 500) =>
        Check.One(Settings(cases), Prop.ForAll(Arb.From(gen, shrink), property));
}
