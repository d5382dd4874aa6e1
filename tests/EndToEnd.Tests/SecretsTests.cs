using System.Net;
using System.Text;
using System.Text.Json;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests;

/// <summary>Planted secrets, all kinds of traffic, and then a search in all that the services have said and stored.</summary>
public sealed class SecretsTests(TalkativeServices services) : IClassFixture<TalkativeServices>
{
    private static readonly string[] Views =
    [
        "/api/v1/providers", "/api/v1/providers/served", "/api/v1/virtual-keys", "/api/v1/virtual-keys/caller", "/api/v1/operator-tokens", "/api/v1/replicas", "/api/v1/rollouts",
        "/api/v1/interceptions?limit=200", "/api/v1/usage?group_by=provider", "/api/v1/usage?group_by=key", "/api/v1/audit?limit=200", "/openapi/v1.json", "/metrics",
    ];

    [Fact]
    public async Task NoSecret_IsAnywhereInTheClear()
    {
        await using var upstream = await FakeProvider.StartAsync(new FakeProviderOptions { VerifiesOnDispose = false });
        var secrets = new PlantedSecrets(services.OperatorToken);
        upstream.Respond(request => Answer(request, secrets));
        var said = new List<(string Where, string Text)>();

        await ConfigureAsync(upstream, secrets, said);
        await TrafficAsync(secrets, said);
        await MistakesAsync(upstream, secrets, said);
        await services.ControlPlane.RotateAsync("served", secrets.RotatedKey);
        await CallAsync("served", 200, secrets, said);
        await Eventually.TrueAsync(async () => await services.Database.ScalarAsync<long>("select count(*) from interceptions") >= 11, "all requests are recorded");
        foreach (var path in Views)
        {
            var (status, text, _) = await services.ControlPlane.SendAsync(HttpMethod.Get, path);
            Assert.True(status == HttpStatusCode.OK, $"GET {path} was answered {text}");
            said.Add(($"GET {path}", text));
        }

        using var bridge = LoopbackHttp.CreateClient(services.BridgeUrl);
        said.Add(("the bridge's metrics", await bridge.GetStringAsync("/metrics", Timeouts.Token)));
        await services.StopAsync();
        said.Add(("the services' logs", services.Logs));
        said.AddRange(await StoredText.TablesAsync(services.Database));
        said.AddRange(StoredText.Files(services.DataDirectory));

        Assert.Contains("dbug: Microsoft.AspNetCore", services.Logs, StringComparison.Ordinal); // nothing is found where nothing is said
        Assert.Contains(said, text => text.Where == "table interceptions" && text.Text.Contains("provider_error", StringComparison.Ordinal));
        Assert.Multiple([.. said.Select(text => (Action)(() => Canaries.AssertAbsentFrom(text.Text, text.Where)))]);
    }

    /// <summary>A provider of bad manners: every refusal repeats the key that it refuses.</summary>
    private static FakeReply Answer(FakeRequest request, PlantedSecrets secrets)
    {
        var refusal = $"Not with {request.Key}, please.";
        return request.Key switch
        {
            var key when key == secrets.RefusedKey || key == secrets.OwnRefusedKey || key == secrets.CandidateKey => AnthropicError.Reply(401, "authentication_error", refusal),
            var key when key == secrets.LimitedKey => AnthropicError.Reply(429, "rate_limit_error", refusal).WithHeader("Retry-After", "30"),
            var key when key == secrets.BrokenKey => request.WantsStream ? AnthropicMessage.Saying("Half of it.").Streaming().ResetAfter(200) : FakeReply.ResetBeforeHead(),
            _ when request.Path.EndsWith("/models", StringComparison.Ordinal) => FakeReply.Json(200, """{"data":[]}"""),
            _ => AnthropicMessage.Saying("Hello.").ToolUse("toolu_1", "Read", """{"path":"a.txt"}""").For(request),
        };
    }

    private async Task ConfigureAsync(FakeProvider upstream, PlantedSecrets secrets, List<(string Where, string Text)> said)
    {
        var url = upstream.BaseUrl;
        var headers = new { extra_headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Gateway-Secret"] = secrets.ExtraHeader } };
        foreach (var (name, key, settings) in new[] { ("served", secrets.ServedKey, headers), ("refused", secrets.RefusedKey, null), ("limited", secrets.LimitedKey, null), ("broken", secrets.BrokenKey, null) })
        {
            said.Add(($"POST provider {name}", (await services.ControlPlane.AddProviderAsync(name, "anthropic", url, key, settings)).ToString()));
        }

        secrets.VirtualKey = await services.ControlPlane.AddVirtualKeyAsync("caller");
        var viewer = await services.ControlPlane.PostAsync("/api/v1/operator-tokens", new { name = "viewer", role = "viewer" });
        Canaries.Plant("operator-token", viewer.GetProperty("token").GetString()!);
        said.Add(("POST test", (await services.ControlPlane.PostAsync("/api/v1/providers/served/test", new { api_key = secrets.CandidateKey })).ToString()));
        var (_, patched, _) = await services.ControlPlane.SendAsync(HttpMethod.Patch, "/api/v1/providers/served", new { settings = new { extra_headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Other-Secret"] = secrets.OtherHeader } } });
        said.Add(("PATCH provider", patched));
    }

    private async Task TrafficAsync(PlantedSecrets secrets, List<(string Where, string Text)> said)
    {
        foreach (var (provider, status) in new[] { ("served", 200), ("refused", 502), ("limited", 429), ("broken", 502) })
        {
            await CallAsync(provider, status, secrets, said);
        }

        await CallAsync("served", 200, secrets, said, stream: true);
        await CallAsync("broken", 200, secrets, said, stream: true); // and then breaks off
        await CallAsync("served", 200, secrets, said, header: ("x-api-key", secrets.OwnKey));
        await CallAsync("served", 200, secrets, said, header: ("Authorization", $"Bearer {secrets.OwnToken}"));
        await CallAsync("served", 401, secrets, said: null, header: ("x-api-key", secrets.OwnRefusedKey)); // the provider's own words to the key's own holder
        await CallAsync("served", 401, secrets, said, virtualKey: secrets.UnknownVirtualKey);
        await CallAsync("nobody", 404, secrets, said);
        await CallAsync("served", 400, secrets, said, body: $$"""{"messages": [{{secrets.ServedKey}}""");
        await CallAsync("served", 400, secrets, said, body: "not json");
    }

    /// <summary>Requests to the control plane that cannot be: what is wrong is told without what was sent.</summary>
    private async Task MistakesAsync(FakeProvider upstream, PlantedSecrets secrets, List<(string Where, string Text)> said)
    {
        var url = upstream.BaseUrl;
        object[] mistakes =
        [
            new { name = "served", type = "anthropic", base_url = url, api_keys = new[] { secrets.MistakenKey } },
            new { name = "a", type = "anthropic", base_url = url, api_keys = new[] { secrets.MistakenKey + "\n" } },
            new { name = "b", type = "anthropic", base_url = url, api_keys = secrets.MistakenKey },
            new { name = "c", type = "anthropic", base_url = url, api_keys = new[] { new { api_key = secrets.MistakenKey } } },
            new { name = "d", type = "anthropic", base_url = $"https://user:{secrets.MistakenKey}@127.0.0.1/", api_keys = Array.Empty<string>() },
            new { name = "e", type = "anthropic", base_url = url, api_key = secrets.MistakenKey },
            new { name = "f", type = "anthropic", base_url = url, settings = new { extra_headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = secrets.MistakenKey } } },
            new { name = "g", type = "anthropic", base_url = url, settings = new { extra_headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-A"] = secrets.MistakenKey + "\r\nX-B: b" } } },
            new StringContent($$"""{"name":"h","api_keys":["{{secrets.MistakenKey}}" """, Encoding.UTF8, "application/json"),
        ];
        foreach (var mistake in mistakes)
        {
            var (status, text, body) = await services.ControlPlane.SendAsync(HttpMethod.Post, "/api/v1/providers", mistake);
            Assert.True((int)status is >= 400 and < 500, $"{body} was answered {text}");
            said.Add(("a refused POST provider", text));
        }

        var (refused, reply, _) = await services.ControlPlane.SendAsync(HttpMethod.Get, "/api/v1/providers", token: secrets.UnknownOperatorToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused);
        said.Add(("a refused operator", reply));
    }

    private async Task CallAsync(
        string provider, int status, PlantedSecrets secrets, List<(string Where, string Text)>? said, bool stream = false, (string Name, string Value)? header = null, string? virtualKey = null, string? body = null)
    {
        using var client = LoopbackHttp.CreateClient(services.BridgeUrl);
        body ??= JsonSerializer.Serialize(new { model = "claude-sonnet-4-5", max_tokens = 10, stream, messages = new[] { new { role = "user", content = "Hello" } } });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{provider}/v1/messages") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("X-Trinity-Key", virtualKey ?? secrets.VirtualKey);
        if (header is { } own)
        {
            request.Headers.TryAddWithoutValidation(own.Name, own.Value);
        }

        using var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        var text = $"{reply.Headers}{reply.Content.Headers}\n{await reply.Content.ReadAsStringAsync(Timeouts.Token)}";
        Assert.True((int)reply.StatusCode == status, $"{provider} was answered {reply.StatusCode} instead of {status}: {text}");
        if (provider != "limited") // whose reply is the provider's own, relayed as it came
        {
            said?.Add(($"the bridge's {status} for {provider}", text));
        }
    }

    private sealed class PlantedSecrets
    {
        public PlantedSecrets(string operatorToken) => Canaries.Plant("operator-token", operatorToken);

        public string ServedKey { get; } = Canaries.New("anthropic-key");

        public string RotatedKey { get; } = Canaries.New("anthropic-key");

        public string RefusedKey { get; } = Canaries.New("anthropic-key");

        public string LimitedKey { get; } = Canaries.New("anthropic-key");

        public string BrokenKey { get; } = Canaries.New("anthropic-key");

        public string CandidateKey { get; } = Canaries.New("anthropic-key");

        public string MistakenKey { get; } = Canaries.New("anthropic-key");

        public string OwnKey { get; } = Canaries.New("anthropic-key");

        public string OwnRefusedKey { get; } = Canaries.New("anthropic-key");

        public string OwnToken { get; } = Canaries.New("anthropic-oauth");

        public string ExtraHeader { get; } = Canaries.New("gateway");

        public string OtherHeader { get; } = Canaries.New("gateway");

        public string UnknownVirtualKey { get; } = Canaries.New("trk_unknown");

        public string UnknownOperatorToken { get; } = Canaries.New("unknown-operator");

        public string VirtualKey
        {
            get;
            set
            {
                field = value;
                Canaries.Plant("virtual-key", value);
            }
        } = "";
    }
}
