using Trinity.Bench.Profile.Instrumentation;
using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Tests;

public sealed class ProfileReaderTests
{
    private const int Last = int.MinValue;
    private const int EdgeCount = 0x181;
    private const int Types = 0xC3;

    private readonly InstrumentationChunks _chunks = new();

    [Theory]
    [InlineData("00", 0)]
    [InlineData("7E", 63)]
    [InlineData("7F", -1)]
    [InlineData("01", -64)]
    [InlineData("8080", 64)]
    [InlineData("BF7F", -65)]
    [InlineData("BFFE", 8191)]
    [InlineData("8001", -8192)]
    [InlineData("C000002000", 8192)]
    [InlineData("C0FFFFDFFF", -8193)]
    [InlineData("C07FFFFFFF", int.MaxValue)]
    [InlineData("C080000000", int.MinValue)]
    [InlineData("C10000000080000000", int.MaxValue + 1L)]
    [InlineData("C1FFFFFFFF7FFFFFFF", int.MinValue - 1L)]
    [InlineData("C17FFFFFFFFFFFFFFF", long.MaxValue)]
    [InlineData("C18000000000000000", long.MinValue)]
    public void TryRead_AtTheBordersOfEachWidth_IsTheNumber(string bytes, long expected)
    {
        var reader = new CompressedLongReader(Convert.FromHexString(bytes + "02"));
        Assert.True(reader.TryRead(out var value));
        Assert.Equal(expected, value);
        Assert.True(reader.TryRead(out var next)); // it took its own bytes and no others
        Assert.Equal(1, next);
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData("80")]
    [InlineData("C0000000")]
    [InlineData("C100000000000000")]
    [InlineData("C200000000")]
    public void TryRead_WhatIsNoNumber_IsRefused(string bytes) =>
        Assert.False(new CompressedLongReader(Convert.FromHexString(bytes)).TryRead(out _));

    [Fact]
    public void TryRead_Elements_AddsUpTheDifferences()
    {
        var bytes = CompressedLongs.Of(
            15, 7, EdgeCount, 1, 9, 300, // all differ from nothing
            1, 5, -100, // further on, the counter is smaller
            6, Types - EdgeCount, 1, 1000, -10, // two handles, which do not follow a counter
            2, EdgeCount - Types, 50, 1, // two counters, which follow the last one
            2, -EdgeCount);

        Assert.True(InstrumentationReader.TryRead(bytes, out var elements));

        Assert.Equal(
            ["7 385 1 9: 300", "12 385 1 9: 200", "12 195 2 9: 1000 990", "12 385 2 9: 250 251"],
            elements.Select(element => $"{element.ILOffset} {element.Kind.Value} {element.Count} {element.Other}: {string.Join(' ', element.Values)}"));
        Assert.Equal([true, true, false, true], elements.Select(element => element.Kind.IsCounter));
    }

    [Theory]
    [InlineData(0x8000_0000L)]
    [InlineData(-0x8000_0000L)]
    [InlineData(0x7FFF_FFFF_8000_0000)]
    public void TryRead_DifferenceOfMoreThan32Bits_LeadsToTheFieldOf32(long difference)
    {
        var bytes = CompressedLongs.Of(15, 0, EdgeCount, 1, 5, 300, 8, difference, 0, 2, -EdgeCount);
        Assert.True(InstrumentationReader.TryRead(bytes, out var elements));
        Assert.Equal([5, int.MinValue + 5], elements.Select(element => element.Other));
    }

    [Theory]
    [InlineData(15L, 0L, (long)EdgeCount, 2L, 0L, 300L)] // a value is missing
    [InlineData(15L, 0L, (long)EdgeCount, 1L, 0L, 300L)] // the end is missing
    [InlineData(15L, 0L, 0x185L, 1L, 0L, 300L, 2L, -0x185L)] // a storage that nobody knows
    [InlineData(15L, 0L, (long)EdgeCount)] // a difference is missing
    public void TryRead_DamagedElements_IsRefused(params long[] longs) =>
        Assert.False(InstrumentationReader.TryRead(CompressedLongs.Of(longs), out _));

    [Fact]
    public void Add_ChunksInOrder_PutsThemTogether()
    {
        _chunks.Add(1, 0, [1, 2]);
        _chunks.Add(2, Last, [9]);
        _chunks.Add(1, 1, [3]);
        _chunks.Add(1, 2 | Last, [4]);

        Assert.Equal([1, 2, 3, 4], _chunks.Whole[1]);
        Assert.Equal([9], _chunks.Whole[2]);
        Assert.Equal(0, _chunks.Incomplete);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 2, 1 | Last)]
    [InlineData(0, 2 | Last)]
    [InlineData(0, 1, 1 | Last)]
    [InlineData(1 | Last)]
    [InlineData(0, 1)]
    public void Add_ChunksOutOfOrder_RefusesTheMethod(params int[] flags)
    {
        foreach (var flag in flags)
        {
            _chunks.Add(1, flag, [1]);
        }

        Assert.Empty(_chunks.Whole);
        Assert.Equal(1, _chunks.Incomplete);
    }

    [Fact]
    public void Add_ToldAnew_KeepsTheLatest()
    {
        _chunks.Add(1, Last, [1]);
        _chunks.Add(1, Last, [2]);
        Assert.Equal([2], _chunks.Whole[1]);
    }
}
