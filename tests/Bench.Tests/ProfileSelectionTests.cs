using System.Reflection;
using Trinity.Bench.Profile;

namespace Trinity.Bench.Tests;

public sealed class ProfileSelectionTests
{
    private const int BasicBlockCount = 0x41;
    private const int Types = 0xC3;

    private static readonly MethodInfo Method = typeof(ProfiledType).GetMethod("Arrays")!;
    private static readonly MethodInfo Other = typeof(ProfiledType).GetMethod("Enums")!;

    [Theory]
    [InlineData(ProfileSelection.LeastCount, 1)]
    [InlineData(ProfileSelection.LeastCount - 1, 0)]
    [InlineData(0, 0)]
    public void Of_LargestCounter_DecidesWhetherAMethodGoesIn(long count, int methods)
    {
        var selection = new ProfileTraceBuilder()
            .Instrumented(Method, 15, 0, BasicBlockCount, 1, 0, 0, 1, 4, count, 1, 4, -count, 2, -BasicBlockCount)
            .Select();
        Assert.Equal((methods, 1 - methods, 0), (selection.Methods.Length, selection.HardlyRun, selection.LeftOut));
    }

    [Fact]
    public void Of_MethodWithoutCounter_StaysOut()
    {
        var selection = new ProfileTraceBuilder().Instrumented(Method, 15, 0, Types, 1, 0, long.MaxValue, 2, -Types).Select();
        Assert.Equal((0, 1, 0), (selection.Methods.Length, selection.HardlyRun, selection.LeftOut));
    }

    [Fact]
    public void Of_WhatNothingNames_IsCountedAndLeftOut()
    {
        var selection = new ProfileTraceBuilder().Counted(Method, 1000).CountedUnknown(1000).CountedUnknown(1).Instrumented(Other, 15, 0).Select();
        Assert.Equal((1, 2, 1), (selection.Methods.Length, selection.LeftOut, selection.HardlyRun));
    }

    [Fact]
    public void Of_AssemblyBuiltAnew_IsLeftOut()
    {
        var selection = new ProfileTraceBuilder().Counted(Method, 1000).FromBuild(typeof(ProfiledType).Assembly, new Guid("11111111-2222-3333-4444-555555555555")).Select();
        Assert.Equal((0, 1), (selection.Methods.Length, selection.LeftOut));
    }

    [Fact]
    public void Of_Methods_AreSortedByAssemblyTypeAndName()
    {
        var parse = typeof(int).GetMethod("Parse", [typeof(string)])!;
        var selection = new ProfileTraceBuilder().Counted(Other, 1000).Counted(parse, 1000).Counted(Method, 1000).Select();
        Assert.Equal(["Parse", "Arrays", "Enums"], selection.Methods.Select(method => method.Method.Name));
        Assert.Equal("[System.Private.CoreLib]System.Int32::Parse([System.Private.CoreLib]System.String) [System.Private.CoreLib]System.Int32", selection.Methods[0].Method.ToString());
    }
}
