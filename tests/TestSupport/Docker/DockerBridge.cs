using System.Globalization;
using Trinity.TestSupport.Processes;

namespace Trinity.TestSupport.Docker;

/// <summary>A network bridge of one engine's own: engines that share one would give the same address twice.</summary>
internal sealed record DockerBridge(string Name, string Address)
{
    private const int Attempts = 50;

    /// <summary>Adds one with a subnet of 10.213.0.0/16 that no other has.</summary>
    public static async Task<DockerBridge> AddAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            var number = (Environment.ProcessId + attempt) % 256;
            var bridge = new DockerBridge(string.Create(CultureInfo.InvariantCulture, $"trdocker{number}"), string.Create(CultureInfo.InvariantCulture, $"10.213.{number}.1"));
            var added = await IpAsync("link", "add", bridge.Name, "type", "bridge"); // the name is the claim: only one can have it
            if (added.ExitCode == 0)
            {
                (await IpAsync("address", "add", $"{bridge.Address}/24", "dev", bridge.Name)).Succeeded();
                (await IpAsync("link", "set", bridge.Name, "up")).Succeeded();
                return bridge;
            }

            if (attempt == Attempts || !added.Errors.Contains("exists", StringComparison.OrdinalIgnoreCase))
            {
                added.Succeeded();
            }
        }
    }

    private static Task<ChildResult> IpAsync(params string[] arguments) => ChildProcess.RunAsync(new ChildProgram("ip", arguments), Timeouts.Default);
}
