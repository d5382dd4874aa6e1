namespace Trinity.Fault.Tests.Soak;

public sealed class SlopeTests
{
    [Fact]
    public void Of_PointsAroundALine_IsTheLines()
    {
        Assert.Equal(2, Slope.Of([(0, 5), (1, 7), (2, 9)]), precision: 9);
        Assert.Equal(0, Slope.Of([(0, 5), (1, 6), (2, 6), (3, 5)]), precision: 9);
        Assert.Equal(-0.5, Slope.Of([(10, 3.1), (12, 1.9), (14, 1.1)]), precision: 9);
    }
}
