using System.Diagnostics;
using System.Globalization;
using System.Text;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Saturation;

/// <summary>Drives a peer as hard as it goes, by wrk on a fixed number of connections (a closed loop).</summary>
internal sealed class SaturationMeter(string folder, int? core)
{
    public async Task<SaturationSlice> MeasureAsync(Peer peer, Workload workload, TimeSpan duration, CancellationToken cancellationToken)
    {
        var script = await WriteScriptAsync(peer, workload);
        var allocatedBefore = await peer.AllocatedBytes();
        ProcessSample.ResetPeak(peer.ProcessId);
        var before = ProcessSample.Of(peer.ProcessId);
        var stolen = StolenTime.Now();
        var output = WrkOutput.Parse(await RunAsync(peer.Address(workload), script, duration, cancellationToken));
        var stolenPercent = StolenTime.Now().PercentSince(stolen);
        var after = ProcessSample.Of(peer.ProcessId);
        var allocated = await peer.AllocatedBytes() - allocatedBefore;
        var requests = Math.Max(1, output.Requests);
        return new SaturationSlice(
            output.RequestsPerSecond,
            (after.Cpu - before.Cpu).TotalMicroseconds / requests,
            after.ResidentBytes / 1e6,
            after.PeakBytes / 1e6,
            (double?)allocated / requests,
            output.Errors)
        {
            StolenPercent = stolenPercent,
        };
    }

    private async Task<string> WriteScriptAsync(Peer peer, Workload workload)
    {
        var body = Path.Combine(folder, "wrk-body.json");
        var script = Path.Combine(folder, "wrk.lua");
        var text = new StringBuilder("wrk.method = \"POST\"\n");
        text.Append(CultureInfo.InvariantCulture, $"local file = io.open(\"{body}\")\nwrk.body = file:read(\"*a\")\nfile:close()\n");
        text.Append("wrk.headers[\"content-type\"] = \"application/json\"\n");
        foreach (var (name, value) in peer.Headers(workload))
        {
            text.Append(CultureInfo.InvariantCulture, $"wrk.headers[\"{name}\"] = \"{value}\"\n");
        }

        await File.WriteAllTextAsync(body, workload.Body());
        await File.WriteAllTextAsync(script, text.ToString());
        return script;
    }

    private async Task<string> RunAsync(Uri address, string script, TimeSpan duration, CancellationToken cancellationToken)
    {
        string[] command = Placed.On(core, ["wrk", "-t1", $"-c{BenchPlan.Connections}", $"-d{Math.Max(1, (int)duration.TotalSeconds)}s", "--timeout", "10s", "-s", script, address.AbsoluteUri]);
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        await using var kill = cancellationToken.Register(process.Kill);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"wrk failed: {await errors}{output}");
    }
}
