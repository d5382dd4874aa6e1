using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests;

public sealed class ControlPlaneMetricsTests
{
    [Fact]
    public async Task Writes_AreCountedByAction_AndWaitsByTheirEnd()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        using var measured = new HostMeasurements(host);

        await host.Admin.CreateProviderAsync("main");
        (await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai"}""")).IsProblem(409);
        (await host.Admin.PatchAsync("providers/main?wait=applied", """{"enabled": false}""")).Is(200);

        Assert.Equal(
            ["trinity.control.apply_wait s complete=True", "trinity.control.writes {write} action=provider.create", "trinity.control.writes {write} action=provider.update"],
            measured.All);
    }
}
