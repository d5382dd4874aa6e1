using System.Reflection;
using System.Reflection.Metadata;
using Trinity.Bench.Profile;
using Trinity.Bench.Profile.Mibc;

namespace Trinity.Bench.Tests;

public sealed class MibcWriterTests
{
    private const string FileName = "made.mibc";
    private const string Own = "Trinity.Bench.Tests;";
    private const string OwnAndCore = "Trinity.Bench.Tests;System.Private.CoreLib;";
    private const long Often = 1000;

    private static readonly Type Canonical = typeof(object).Assembly.GetType("System.__Canon", throwOnError: true)!;

    [Fact]
    public void Write_MethodsOfOneAssembly_AreTheGroupsTokens()
    {
        MethodBase[] methods =
        [
            Method("Arrays"), Method("Enums"), Method("Function"),
            typeof(ProfiledType).GetMethod("Plain", [])!, typeof(ProfiledType).GetMethod("Plain", [typeof(int)])!,
            Put<int, ProfiledChoice>(), Put<string, int>(), Put<ProfiledChoice[], string>(), Put<int[,], int>(), Put<ProfiledChoice, ProfiledType.Nested<int>.Deeper>(),
            typeof(ProfiledType.Nested<string>.Deeper).GetProperty("Value")!.GetMethod!,
        ];

        using var mibc = Write(methods);

        Assert.Equal([Own], mibc.Groups.Keys);
        Assert.Equal(methods.ToHashSet(), mibc.Methods(Own).ToHashSet());
        Assert.Equal(methods.Length, mibc.Methods(Own).Count());
    }

    [Fact]
    public void Write_ArgumentsOfOtherAssemblies_AreInTheGroupsName()
    {
        using var mibc = Write(Put<int, DayOfWeek>(), Put<Uri, string>(), Put<List<int>, FactAttribute>(), typeof(int).GetMethod("Parse", [typeof(string)])!);

        Assert.Equal(
            ["System.Private.CoreLib;", OwnAndCore, "Trinity.Bench.Tests;System.Private.CoreLib;xunit.v3.core;", "Trinity.Bench.Tests;System.Private.Uri;"],
            mibc.Groups.Keys);
        Assert.Equal(Put<int, DayOfWeek>(), Assert.Single(mibc.Methods(OwnAndCore)));
        Assert.Equal(Put<Uri, string>(), Assert.Single(mibc.Methods("Trinity.Bench.Tests;System.Private.Uri;")));
    }

    [Fact]
    public void Write_SharedCode_NamesTheCanonicalTypeInItsOwnAssembly()
    {
        using var mibc = Write(Put(Canonical, typeof(int)));

        Assert.Equal([Own], mibc.Groups.Keys);
        var canonical = Assert.Single(mibc.Metadata.TypeReferences.Select(mibc.Metadata.GetTypeReference), type => mibc.Metadata.GetString(type.Name) == "__Canon");
        var scope = mibc.Metadata.GetAssemblyReference((AssemblyReferenceHandle)canonical.ResolutionScope);
        Assert.Equal("System.Private.Canon", mibc.Metadata.GetString(scope.Name));
    }

    [Fact]
    public void Write_Elements_AreNumbersAndTokens()
    {
        const long Unknown = 0x7E12_3456_789A;
        var trace = new ProfileTraceBuilder();
        var type = trace.Type(typeof(Dictionary<ProfiledChoice, string[]>));
        var method = trace.Method(Put<int, int>());
        trace.Instrumented(
            Method("Enums"),
            15, 3, 0x182, 1, 2, 5_000_000_000, // a large counter
            6, 0xC3 - 0x182, 2, type, Unknown - type, -Unknown, // types: known, unknown, none
            6, 1, -1, method, Unknown - method, // methods: known, unknown
            2, -0xC4);

        using var mibc = Write(trace.Select());

        var said = mibc.Groups[Own];
        Assert.Equal(["InstrumentationDataStart", 15L, 3L, 0x182L, 1L, 2L, 5_000_000_000L, 15L, 3L, 0xC3L, 3L, 2L], said[1..13]);
        Assert.Equal(typeof(Dictionary<ProfiledChoice, string[]>), mibc.Type(Assert.IsType<MibcFile.Token>(said[13])));
        Assert.InRange(Assert.IsType<long>(said[14]), 0x800000, 0xFFFFFF);
        Assert.Equal([0L, 15L, 3L, 0xC4L, 2L, 2L], said[15..21]);
        Assert.Equal(Put<int, int>(), mibc.Method(Assert.IsType<MibcFile.Token>(said[21])));
        Assert.Equal([said[14], "InstrumentationDataEnd", "pop"], said[22..]);
    }

    [Fact]
    public void Write_SameMethodsInAnotherOrder_GivesTheSameBytes()
    {
        MethodBase[] methods = [Method("Arrays"), Method("Enums"), Put<int, DayOfWeek>(), Put<Uri, string>(), Put(Canonical, typeof(int))];

        var first = MibcArchive.Write(FileName, Select(methods).Methods);
        var second = MibcArchive.Write(FileName, Select(methods).Methods);
        var third = MibcArchive.Write(FileName, Select([.. methods.Reverse()]).Methods);

        Assert.Equal(first, second);
        Assert.Equal(first, third);
    }

    private static MibcFile Write(params MethodBase[] methods) => Write(Select(methods));

    private static MibcFile Write(ProfileSelection selection)
    {
        Assert.Equal((0, 0), (selection.LeftOut, selection.HardlyRun));
        return new MibcFile(MibcArchive.Write(FileName, selection.Methods), FileName);
    }

    private static ProfileSelection Select(MethodBase[] methods) =>
        methods.Aggregate(new ProfileTraceBuilder(), (trace, method) => trace.Counted(method, Often)).Select();

    private static MethodInfo Method(string name) => typeof(ProfiledType).GetMethod(name)!;

    private static MethodInfo Put<T, TOther>() => Put(typeof(T), typeof(TOther));

    private static MethodInfo Put(Type type, Type other) => typeof(ProfiledType.Nested<>).MakeGenericType(type).GetMethod("Put")!.MakeGenericMethod(other);
}
