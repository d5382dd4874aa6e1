using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests;

/// <summary>How much is left, over the real services: from live traffic through the bridge, and from a home through its own process.</summary>
public sealed class AccountUsageTests(UsageServices services, ITestOutputHelper output) : IClassFixture<UsageServices>
{
    [Fact]
    public async Task LiveTraffic_KeepsTheFiguresFresh_AndNoProbeIsSent()
    {
        var token = Canaries.New("anthropic-oauth");
        var virtualKey = await ConfigureAsync(token);
        var slowest = TimeSpan.Zero;
        using var client = LoopbackHttp.CreateClient(services.BridgeUrl);
        (await CallAsync(client, virtualKey, token)).Dispose();
        await Eventually.TrueAsync(async () => await services.Database.ScalarAsync<long>("select count(*) from account_limits where source = 'live'") == 1, "the first reply is known, and nobody has looked before");
        for (var used = 10; used < 30; used++)
        {
            services.UsedPercent = used;
            using var reply = await CallAsync(client, virtualKey, token);
            Assert.True(reply.IsSuccessStatusCode);
            var since = Stopwatch.GetTimestamp();
            await Eventually.TrueAsync(async () => await UsedAsync("team") == used, $"{used} % is known");
            slowest = slowest > Stopwatch.GetElapsedTime(since) ? slowest : Stopwatch.GetElapsedTime(since);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The slowest of 20 changes was known after {slowest.TotalMilliseconds:0} ms."));
        var view = await services.ControlPlane.GetAsync("/api/v1/account-usage/team?refresh=true"); // asked for, and not needed
        Assert.Equal(("live", "available"), (view.GetProperty("source").GetString(), view.GetProperty("status").GetString()));
        Assert.Equal(Enumerable.Repeat("POST /v1/messages", 21), services.Vendor.Requests.Where(request => request.BearerKey == token).Select(request => $"{request.Method} {request.Path}"));
    }

    [Fact]
    public async Task Home_IsAskedByAProcessOfItsOwn_WhichOutlivesNobody()
    {
        services.UsedPercent = 37;
        var (controlPlane, address) = await services.StartControlPlaneAsync();
        await using (controlPlane)
        {
            using var api = new ControlPlaneClient(address, services.OperatorToken);

            var view = await api.GetAsync("/api/v1/account-usage/home:ada:anthropic?refresh=true");

            Assert.Equal(("available", 37.0, "max"), (view.GetProperty("status").GetString(), view.GetProperty("limits")[0].GetProperty("used_percent").GetDouble(), view.GetProperty("plan").GetString()));
            Assert.Contains(services.Vendor.Requests, request => request.Path == UsageServices.UsagePath && request.BearerKey == services.HomeToken);
            var worker = Assert.Single(Workers());
            Assert.DoesNotContain("TRINITY_DATABASE", await File.ReadAllTextAsync($"/proc/{worker}/environ", Timeouts.Token), StringComparison.Ordinal);

            await controlPlane.KillAsync();
            await Eventually.TrueAsync(() => Workers().Count == 0, "no worker is left after the control plane was killed");
        }
    }

    private async Task<string> ConfigureAsync(string token)
    {
        await services.ControlPlane.AddProviderAsync("anthropic", "anthropic", services.Vendor.BaseUrl, Canaries.New("provider-key"));
        await services.ControlPlane.PostAsync("/api/v1/subscriptions", new { name = "team", token });
        var key = await services.ControlPlane.PostAsync("/api/v1/virtual-keys?wait=applied", new { name = "caller" });
        return key.GetProperty("key").GetString()!;
    }

    private static async Task<HttpResponseMessage> CallAsync(HttpClient client, string virtualKey, string token)
    {
        var body = JsonSerializer.Serialize(new { model = "claude-sonnet-4-5", max_tokens = 10, messages = new[] { new { role = "user", content = "Hello" } } });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/anthropic/v1/messages") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("X-Trinity-Key", virtualKey);
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
        return await client.SendAsync(request, Timeouts.Token);
    }

    private async Task<double?> UsedAsync(string account)
    {
        var limits = (await services.ControlPlane.GetAsync($"/api/v1/account-usage/{account}")).GetProperty("limits");
        return limits.GetArrayLength() > 0 && limits[0].GetProperty("used_percent") is { ValueKind: JsonValueKind.Number } used ? used.GetDouble() : null;
    }

    /// <summary>The processes that probe this test's home.</summary>
    private List<int> Workers()
    {
        var found = new List<int>();
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _)))
        {
            try
            {
                if (File.ReadAllText($"{directory}/cmdline").Contains("probe-worker", StringComparison.Ordinal) && File.ReadAllText($"{directory}/environ").Contains($"HOME={services.Home}\0", StringComparison.Ordinal))
                {
                    found.Add(int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture));
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile.
            }
        }

        return found;
    }
}
