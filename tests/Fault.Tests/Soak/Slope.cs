namespace Trinity.Fault.Tests.Soak;

/// <summary>The slope of the straight line that fits points best (least squares).</summary>
internal static class Slope
{
    public static double Of(IReadOnlyList<(double X, double Y)> points)
    {
        var (x, y) = (points.Average(point => point.X), points.Average(point => point.Y));
        return points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
    }
}
