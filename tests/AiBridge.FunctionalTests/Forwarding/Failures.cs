using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>How an upstream's failure must look to the client and in the records.</summary>
internal static class Failures
{
    public static async Task AssertErrorAsync(this TestBench bench, string dialect, bool stream, int status, string code, string? provider = null)
    {
        using var reply = await bench.SendAsync(bench.Request(dialect, stream, provider));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((status, ErrorBody.ShapeOf(Models.Path(dialect)), code), ((int)reply.StatusCode, error.Shape, error.Code));
        Assert.Equal(dialect == Models.Messages ? status == 504 ? "timeout_error" : "api_error" : "server_error", error.Type);
        var record = await bench.RecordedAsync(reply);
        Assert.Equal((status, "provider_error", code, 1), (record.Status, record.Outcome, record.Error, record.Attempts));
    }

    public static void AssertEndsInError(string dialect, string text, string before, string code)
    {
        Assert.StartsWith(before + Models.ErrorEvent(dialect, code), text, StringComparison.Ordinal);
        Assert.EndsWith(Models.ErrorEnd(dialect, code), text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(code).Length); // it is said once
    }

    /// <summary>The client's connection is cut, maybe before it has read the head; either way it cannot take what came for a whole reply.</summary>
    public static async Task<RecordedInterception> AssertCutAsync(this TestBench bench, string dialect)
    {
        var earlier = await bench.Database.ScalarAsync<long>("select count(*) from interceptions");
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var reply = await bench.SendAsync(bench.Request(dialect));
            _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
        });
        await Eventually.TrueAsync(async () => await bench.Database.ScalarAsync<long>("select count(*) from interceptions") > earlier, "the exchange is recorded");
        return await RecordedInterception.ReadAsync(bench.Database.DataSource, await bench.Database.ScalarAsync<Guid>("select id from interceptions order by id desc limit 1"));
    }
}
