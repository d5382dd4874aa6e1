using System.Globalization;

namespace Trinity.EndToEnd.Tests.Services;

/// <summary>The services with a fake vendor that serves models and tells of its limits, and a home with a login.</summary>
public sealed class UsageServices : TrinityServices
{
    public const string UsagePath = "/api/oauth/usage";

    internal FakeProvider Vendor { get; private set; } = null!;

    internal string Home => Path.Combine(DataDirectory, "ada");

    internal string HomeToken { get; } = Canaries.New("anthropic-oauth");

    /// <summary>How much of the five hours the vendor says is used, in percent.</summary>
    internal int UsedPercent { get; set; }

    protected override IReadOnlyList<string> Settings => [$"--ControlPlane:SubscriptionProvider={Vendor.BaseUrl}", $"--AccountUsage:Homes=ada={Home}"];

    public override async ValueTask InitializeAsync()
    {
        Vendor = await FakeProvider.StartAsync(new FakeProviderOptions { VerifiesOnDispose = false });
        Vendor.Respond(Answer);
        Directory.CreateDirectory(Path.Combine(Home, ".claude"));
        var expires = TimeProvider.System.GetUtcNow().AddHours(8).ToUnixTimeMilliseconds();
        await File.WriteAllTextAsync(
            Path.Combine(Home, ".claude", ".credentials.json"), $$$"""{"claudeAiOauth": {"accessToken": "{{{HomeToken}}}", "expiresAt": {{{expires}}}, "subscriptionType": "max"}}""", Timeouts.Token);
        await base.InitializeAsync();
    }

    private FakeReply Answer(FakeRequest request)
    {
        var (used, reset) = (UsedPercent, TimeProvider.System.GetUtcNow().AddHours(3));
        return request.Path == UsagePath
            ? FakeReply.Json(200, string.Create(CultureInfo.InvariantCulture, $$$"""{"five_hour": {"utilization": {{{used}}}, "resets_at": "{{{reset:O}}}"}}"""))
            : AnthropicMessage.Saying("Hello.").For(request)
                .WithHeader("anthropic-ratelimit-unified-status", "allowed")
                .WithHeader("anthropic-ratelimit-unified-5h-status", "allowed")
                .WithHeader("anthropic-ratelimit-unified-5h-utilization", (used / 100.0).ToString(CultureInfo.InvariantCulture))
                .WithHeader("anthropic-ratelimit-unified-5h-reset", reset.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
    }
}
