using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Trinity.Bench.Demo.Agents;

/// <summary>What the launcher tells the demo of agents.</summary>
internal sealed record AgentDemoOptions
{
    /// <summary>Turns that an agent runs at a time on each token.</summary>
    public const int TurnsPerAgent = 2;

    /// <summary>Address of the control plane.</summary>
    public required string Control { get; init; }

    /// <summary>File with the operator token.</summary>
    public required string TokenFile { get; init; }

    /// <summary>Address of the container engine.</summary>
    public required string Engine { get; init; }

    public required string Image { get; init; }

    /// <summary>The first part of the agents' names: what the launcher removes afterwards.</summary>
    public required string Prefix { get; init; }

    public required int Agents { get; init; }

    public required int Rotations { get; init; }

    public static AgentDemoOptions Read(string[] args)
    {
        var settings = new ConfigurationBuilder().AddCommandLine(args).Build();
        return new AgentDemoOptions
        {
            Control = Text("control"),
            TokenFile = Text("token-file"),
            Engine = Text("engine"),
            Image = Text("image"),
            Prefix = Text("prefix"),
            Agents = int.Parse(Text("agents"), CultureInfo.InvariantCulture),
            Rotations = int.Parse(Text("rotations"), CultureInfo.InvariantCulture),
        };

        string Text(string name) => settings[name] ?? throw new ArgumentException($"Option --{name} is missing.", nameof(args));
    }
}
