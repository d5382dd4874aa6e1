using System.Globalization;
using System.Text.RegularExpressions;

namespace Trinity.Bench.Load.Saturation;

/// <summary>What wrk told.</summary>
/// <param name="RequestsPerSecond">Completed ones.</param>
/// <param name="Requests">In all.</param>
/// <param name="Errors">Replies other than 2xx and 3xx, and socket errors of any kind.</param>
internal sealed partial record WrkOutput(double RequestsPerSecond, long Requests, long Errors)
{
    /// <exception cref="FormatException">It is not what wrk prints.</exception>
    public static WrkOutput Parse(string text)
    {
        var rate = Rate().Match(text);
        var count = Count().Match(text);
        if (!rate.Success || !count.Success)
        {
            throw new FormatException($"wrk said: {text}");
        }

        var errors = Refused().Match(text) is { Success: true } refused ? long.Parse(refused.Groups["n"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (Sockets().Match(text) is { Success: true } sockets)
        {
            errors += sockets.Groups["n"].Captures.Sum(number => long.Parse(number.ValueSpan, CultureInfo.InvariantCulture));
        }

        return new WrkOutput(double.Parse(rate.Groups["n"].ValueSpan, CultureInfo.InvariantCulture), long.Parse(count.Groups["n"].ValueSpan, CultureInfo.InvariantCulture), errors);
    }

    [GeneratedRegex(@"Requests/sec:\s+(?<n>[\d.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rate();

    [GeneratedRegex(@"(?<n>\d+) requests in ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Count();

    [GeneratedRegex(@"Non-2xx or 3xx responses: (?<n>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Refused();

    [GeneratedRegex(@"Socket errors: connect (?<n>\d+), read (?<n>\d+), write (?<n>\d+), timeout (?<n>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Sockets();
}
