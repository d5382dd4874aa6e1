using Trinity.Bench.Load;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Tests;

public sealed class BenchPlanTests
{
    [Fact]
    public void Parse_RoundsAndSeconds_ReplaceThePlans()
    {
        var plan = Parse(("plan", "quick"), ("rounds", "7"), ("seconds", "9"));
        Assert.Equal((7, TimeSpan.FromSeconds(9), BenchPlan.Quick.Sections), (plan.Rounds, plan.Slice, plan.Sections));
    }

    [Fact]
    public void Parse_Only_IsTheseSections() => Assert.Equal(BenchSections.Half | BenchSections.Cold, Parse(("plan", "full"), ("only", "half,cold")).Sections);

    [Theory]
    [InlineData("rotation", false)]
    [InlineData("rotation,rates", true)]
    public void Parse_OnlyRotation_MeasuresWhatItComparesAndNobodyElse(string only, bool others)
    {
        var plan = Parse(("plan", "standard"), ("only", only));
        Assert.True(plan.Has(BenchSections.Saturated) && plan.Has(BenchSections.Half) && plan.Has(BenchSections.Paced));
        Assert.True(plan.Measures(Peer.Rotating) && plan.Measures(Peer.Direct));
        Assert.Equal(others, plan.Measures(Peer.Forwarder));
    }

    [Fact]
    public void Quick_MeasuresEveryPeer() => Assert.True(BenchPlan.Quick.Measures(Peer.Nginx));

    [Theory]
    [InlineData("plan", "slow")]
    [InlineData("only", "half,warm")]
    public void Parse_WhatThereIsNot_IsNamed(string name, string value)
    {
        var arguments = new Dictionary<string, string>(StringComparer.Ordinal) { ["plan"] = "quick", [name] = value };
        Assert.Contains(value.Split(',')[^1], Assert.Throws<FormatException>(() => BenchPlan.Parse(arguments)).Message, StringComparison.Ordinal);
    }

    private static BenchPlan Parse(params (string Name, string Value)[] arguments) =>
        BenchPlan.Parse(arguments.ToDictionary(argument => argument.Name, argument => argument.Value, StringComparer.Ordinal));
}
