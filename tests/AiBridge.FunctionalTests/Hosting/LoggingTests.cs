using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Hosting;

public sealed class LoggingTests
{
    // By default the logger waits for whoever reads the output, and with it the requests that have something to say.
    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task Console_WhoseOutputNobodyReads_IsSetToDropLines(string format)
    {
        await using var bench = await TestBench.StartAsync([], [$"LogFormat={format}"]);

        var console = bench.Bridge.Services.GetRequiredService<IOptionsMonitor<ConsoleLoggerOptions>>().CurrentValue;

        Assert.Equal(ConsoleLoggerQueueFullMode.DropWrite, console.QueueFullMode);
    }
}
