namespace Trinity.ControlPlane.Database;

/// <summary>Times as Npgsql reads them are in UTC; where they meet times of the clock they say so.</summary>
internal static class UtcTimes
{
    public static DateTimeOffset ToOffset(this DateTime utc) => new(utc, TimeSpan.Zero);
}
