using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Trinity.Bench.Demo;

/// <summary>What the launcher tells the demo: where Trinity runs, and how much of everything.</summary>
internal sealed record DemoOptions
{
    private const double RotationsPerStream = 4; // so that several old keys drain at a time

    /// <summary>Address of the control plane.</summary>
    public required string Control { get; init; }

    /// <summary>File with the operator token.</summary>
    public required string TokenFile { get; init; }

    /// <summary>Addresses of the bridges.</summary>
    public required IReadOnlyList<string> Bridges { get; init; }

    /// <summary>Streams kept open at a time.</summary>
    public required int Streams { get; init; }

    public required int Rotations { get; init; }

    /// <summary>How long a stream takes on average.</summary>
    public required TimeSpan StreamTime { get; init; }

    public TimeSpan RotationInterval => StreamTime / RotationsPerStream;

    /// <summary>How long an old key may take to be proven out of use: the longest stream, and generous time for the reports.</summary>
    public TimeSpan DrainLimit => (StreamTime * StreamScript.LongestShare) + TimeSpan.FromSeconds(20);

    public static DemoOptions Read(string[] args)
    {
        var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        return new DemoOptions
        {
            Control = Text("control"),
            TokenFile = Text("token-file"),
            Bridges = Text("bridges").Split(','),
            Streams = Number("streams"),
            Rotations = Number("rotations"),
            StreamTime = TimeSpan.FromSeconds(Number("stream-seconds")),
        };

        string Text(string name) => settings[name] ?? throw new ArgumentException($"Option --{name} is missing.", nameof(args));
        int Number(string name) => int.Parse(Text(name), CultureInfo.InvariantCulture);
    }
}
