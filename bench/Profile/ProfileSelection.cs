using System.Collections.Immutable;
using Trinity.Bench.Profile.Identities;
using Trinity.Bench.Profile.Instrumentation;
using Trinity.Bench.Profile.Mibc;
using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Profile;

/// <summary>What of a trace goes into its profile.</summary>
/// <param name="Methods">What goes in, by assembly, type, name and signature.</param>
/// <param name="LeftOut">How many methods did not go in although they were run: nothing names them, or what was counted in them is incomplete.</param>
/// <param name="HardlyRun">How many methods ran too seldom to go in.</param>
internal sealed record ProfileSelection(ImmutableArray<MethodProfile> Methods, int LeftOut, int HardlyRun)
{
    /// <summary>
    /// The largest counter of a method's data is at least this, or the method stays out. Without a profile the compiler makes a method small and
    /// expects nothing of its branches, which suits what runs rarely: its counters are noise, would make it larger, and the profile with it.
    /// </summary>
    public const long LeastCount = 200;

    public static ProfileSelection Of(Trace trace, IdentityResolver identities)
    {
        var methods = ImmutableArray.CreateBuilder<MethodProfile>();
        var leftOut = trace.IncompleteMethods;
        var hardlyRun = 0;
        foreach (var (id, bytes) in trace.Instrumentation)
        {
            if (!InstrumentationReader.TryRead(bytes, out var elements))
            {
                leftOut++;
            }
            else if (LargestCount(elements) < LeastCount)
            {
                hardlyRun++;
            }
            else if (identities.Method(id) is { } method)
            {
                methods.Add(new MethodProfile(method, [.. elements.Select(element => Resolve(element, identities))]));
            }
            else
            {
                leftOut++;
            }
        }

        return new ProfileSelection([.. methods.OrderBy(method => method.Method.ToString(), StringComparer.Ordinal)], leftOut, hardlyRun);
    }

    private static long LargestCount(ImmutableArray<InstrumentationElement> elements) =>
        elements.Where(element => element.Kind.IsCounter).SelectMany(element => element.Values).DefaultIfEmpty(0).Max();

    private static ProfileElement Resolve(InstrumentationElement element, IdentityResolver identities) => new(
        element.ILOffset,
        element.Kind,
        element.Count,
        element.Other,
        [.. element.Values.Select(value => Resolve(element.Kind.Storage, value, identities))]);

    private static ProfileValue Resolve(InstrumentationStorage storage, long value, IdentityResolver identities) => storage switch
    {
        InstrumentationStorage.TypeHandle => identities.Type(value) is { } type ? new ProfileValue.OfType(type) : ProfileValue.Number.ForUnknown(value),
        InstrumentationStorage.MethodHandle => identities.Method(value) is { } method ? new ProfileValue.OfMethod(method) : ProfileValue.Number.ForUnknown(value),
        _ => new ProfileValue.Number(value),
    };
}
