using Microsoft.Extensions.Logging;

namespace Trinity.TestSupport.Tests.Logging;

public sealed partial class CapturedLogsTests
{
    [Fact]
    public async Task Lines_KeepEventValuesScopesAndException()
    {
        using var logs = new CapturedLogs();
        using var factory = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(logs));
        var logger = factory.CreateLogger("Trinity.Test");
        var pending = logs.WhenLoggedAsync(4711);
        Assert.False(pending.IsCompleted);

        using (logger.BeginScope<string>("request 5"))
        {
            Log.Failed(logger, "alpha", new InvalidOperationException("reason"));
        }

        var line = await pending;
        Assert.Equal((LogLevel.Warning, "Trinity.Test", "Provider alpha failed."), (line.Level, line.Category, line.Message));
        Assert.Equal("alpha", line.Values.First(value => value.Key is "Provider").Value);
        Assert.Equal("request 5", Assert.Single(line.Scopes));
        Assert.Contains("reason", logs.Text, StringComparison.Ordinal);
        Assert.Same(line, Assert.Single(logs.Of(4711)));
        Assert.Contains("Provider alpha failed.", TestContext.Current.TestOutputHelper!.Output, StringComparison.Ordinal);
    }

    private static partial class Log
    {
        [LoggerMessage(4711, LogLevel.Warning, "Provider {Provider} failed.")]
        public static partial void Failed(ILogger logger, string provider, Exception exception);
    }
}
