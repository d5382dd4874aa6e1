using System.Collections.Immutable;
using Trinity.Bench.Profile.Identities;
using Trinity.Bench.Profile.Instrumentation;

namespace Trinity.Bench.Profile.Mibc;

/// <summary>What a profile says of one method.</summary>
internal sealed record MethodProfile(MethodIdentity Method, ImmutableArray<ProfileElement> Elements);

/// <summary>One element of it: an <see cref="InstrumentationElement"/> with names in place of addresses.</summary>
internal sealed record ProfileElement(int ILOffset, InstrumentationKind Kind, int Count, int Other, ImmutableArray<ProfileValue> Values);

internal abstract record ProfileValue
{
    private ProfileValue()
    {
    }

    internal sealed record Number(long Value) : ProfileValue
    {
        private const int UnknownMark = 0x800000;

        /// <summary>
        /// A handle that nothing names. It counts as a target of its own, and not as one that could be guessed: a number of three bytes is no token. Zero stays
        /// zero, which is no target at all.
        /// </summary>
        public static Number ForUnknown(long handle) => new(handle == 0 ? 0 : (handle.GetHashCode() & (UnknownMark - 1)) | UnknownMark);
    }

    internal sealed record OfType(TypeIdentity Type) : ProfileValue;

    internal sealed record OfMethod(MethodIdentity Method) : ProfileValue;
}
