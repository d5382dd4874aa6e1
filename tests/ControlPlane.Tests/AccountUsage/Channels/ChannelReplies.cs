using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>What the providers' endpoints reply when all is well, with all that we read and some that we do not.</summary>
internal static class ChannelReplies
{
    public const string Anthropic = """
        {
          "five_hour": {"utilization": 24.5, "resets_at": "2030-01-01T04:59:59.943648+00:00"},
          "seven_day": {"utilization": 112.0, "resets_at": "2030-01-05T02:00:00+02:00"},
          "seven_day_oauth_apps": {"utilization": 9.0, "resets_at": null},
          "seven_day_opus": {"utilization": 0, "resets_at": null},
          "seven_day_sonnet": {"utilization": 1, "resets_at": "2030-01-06T00:00:00Z"},
          "extra_usage": {"is_enabled": true, "monthly_limit": 5000, "used_credits": 1234.5, "utilization": 24.69, "currency": "USD"}
        }
        """;

    public const string Codex = """
        {
          "account_id": "someone", "email": "someone@example.com", "plan_type": "plus",
          "rate_limit": {
            "allowed": true, "limit_reached": false,
            "primary_window": {"used_percent": 17, "limit_window_seconds": 18000, "reset_after_seconds": 60, "reset_at": 1893470400},
            "secondary_window": {"used_percent": 62.5, "limit_window_seconds": 604800, "reset_after_seconds": 60, "reset_at": 1893888000}
          },
          "credits": {"has_credits": true, "unlimited": false, "balance": "9.99"}
        }
        """;

    public const string OpenRouter = """
        {"data": {"label": "someone's", "limit": 100, "usage": 40.5, "limit_remaining": 75, "is_free_tier": false, "creator_user_id": "someone"}}
        """;

    /// <summary>The path that a channel asks first.</summary>
    public static string PathOf(string channel) => channel switch
    {
        UsageChannels.Anthropic => "/api/oauth/usage",
        UsageChannels.Codex => "/backend-api/wham/usage",
        _ => "/api/v1/key",
    };

    public static string GoodOf(string channel) => channel switch
    {
        UsageChannels.Anthropic => Anthropic,
        UsageChannels.Codex => Codex,
        _ => OpenRouter,
    };

    public static string TokenKindOf(string channel) => channel switch
    {
        UsageChannels.Anthropic => "anthropic-oauth",
        UsageChannels.Codex => "codex-access",
        _ => "openrouter-key",
    };
}
