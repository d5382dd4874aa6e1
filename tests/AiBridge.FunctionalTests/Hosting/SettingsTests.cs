using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public async Task EmptySetting_IsAsNone()
    {
        await using var bench = await TestBench.StartAsync(["openai"], ["AiBridge:ShutdownDelay=", "AiBridge:InlineSockets=", "AiBridge:PingInterval=00:00:07"]);

        var options = bench.Bridge.Services.GetRequiredService<IOptions<AiBridgeOptions>>().Value;

        Assert.Equal((new AiBridgeOptions().ShutdownDelay, null, TimeSpan.FromSeconds(7)), (options.ShutdownDelay, options.InlineSockets, options.PingInterval));
    }
}
