using System.Globalization;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>What every write's reply says beside its body: the generation, the rollout it started, and, when asked to wait, how far the fleet is.</summary>
internal sealed class WriteReporter(FleetWatcher fleet)
{
    public const string GenerationHeader = "Trinity-Generation";
    public const string RolloutHeader = "Trinity-Rollout";
    public const string AppliedHeader = "Trinity-Applied";

    /// <summary>Sets the headers; waits first if <c>?wait=applied</c> was given, and then returns how that went.</summary>
    public async Task<AppliedReport?> ReportAsync<T>(HttpContext http, Written<T> written, CancellationToken cancellationToken)
    {
        var headers = http.Response.Headers;
        headers[GenerationHeader] = written.Generation.ToString(CultureInfo.InvariantCulture);
        if (written.RolloutId is { } rollout)
        {
            headers[RolloutHeader] = RolloutEndpoints.PathOf(rollout);
        }

        if (http.Features.Get<WaitOptions>() is not { Applied: true } wait)
        {
            return null;
        }

        var report = await fleet.WaitAsync(written.Generation, wait.Timeout, cancellationToken);
        headers[AppliedHeader] = string.Create(
            CultureInfo.InvariantCulture,
            $"generation={report.Generation}, replicas={report.Replicas}, applied={report.Applied}, lost={report.Lost}, elapsed_ms={report.ElapsedMs}, complete={(report.Complete ? "true" : "false")}");
        return report;
    }
}
