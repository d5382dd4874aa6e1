using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Trinity.ControlPlane.OpenApi;

/// <summary>Example requests and replies of the main operations.</summary>
internal static class Examples
{
    private const string Provider = """
        {"id": "01990000-0000-7000-8000-000000000001", "name": "anthropic", "type": "anthropic", "display_name": null, "base_url": "https://api.anthropic.com/", "enabled": true,
         "api_keys": [{"id": "01990000-0000-7000-8000-000000000002", "name": null, "hint": "sk-a...w9Xy", "ordinal": 0, "created_at": "2030-01-31T12:00:00Z"}],
         "settings": null, "version": 1, "created_at": "2030-01-31T12:00:00Z", "updated_at": "2030-01-31T12:00:00Z", "status": {"state": "enabled", "warnings": []}}
        """;

    private const string Rollout = """
        {"id": "01990000-0000-7000-8000-000000000003", "subject": "provider anthropic", "provider": "anthropic", "provider_id": "01990000-0000-7000-8000-000000000001", "action": "rotate", "generation": 42,
         "created_by": "admin", "created_at": "2030-01-31T12:00:00Z",
         "replicas": [{"id": "01990000-0000-7000-8000-000000000004", "address": "http://10.0.0.5:8787", "applied": true, "generation": 42, "draining": 3, "state": "live"}],
         "agents": [], "in_flight_on_old": 3, "safe_to_revoke": false, "waiting_for": ["Replica http://10.0.0.5:8787 has 3 requests in flight on a retired key."],
         "retired_keys": [{"id": "01990000-0000-7000-8000-000000000002", "hint": "sk-a...w9Xy"}]}
        """;

    private const string Agent = """
        {"id": "01990000-0000-7000-8000-000000000007", "name": "builder", "runtime": "claude-code", "image": "trinity-agent:latest", "state": "running", "desired_state": "running",
         "container": "4f1c…", "auth": {"mode": "subscription", "subscription_id": "01990000-0000-7000-8000-000000000006", "subscription": "team-max", "provider": "anthropic", "via": "bridge",
         "virtual_key_id": "01990000-0000-7000-8000-000000000008", "generation": 3, "acknowledged_generation": 3, "fingerprint": "9f86d081884c7d65", "delivery": "hot_reloaded"},
         "running_tasks": [{"generation": 2, "subscription_id": "01990000-0000-7000-8000-000000000009", "fingerprint": "60303ae22b998861", "count": 2}], "problem": null,
         "resources": {"cpus": 2, "memory_bytes": 4294967296, "pids": 512}, "command": [], "environment": {}, "version": 3,
         "created_at": "2030-01-31T12:00:00Z", "updated_at": "2030-01-31T12:00:00Z", "reported_at": "2030-01-31T12:00:01Z"}
        """;

    private const string AgentChange = $$"""{"agent": {{Agent}}, "restart_result": "hot_reloaded", "detail": null, "rollout": "/api/v1/rollouts/01990000-0000-7000-8000-000000000003"}""";

    private static readonly Dictionary<string, (string? Request, string? Status, string? Response)> ByOperation = new(StringComparer.Ordinal)
    {
        ["CreateProvider"] = ("""{"name": "anthropic", "type": "anthropic", "api_keys": ["sk-ant-…"]}""", "201", Provider),
        ["GetProvider"] = (null, "200", Provider),
        ["UpdateProvider"] = ("""{"display_name": null, "api_keys": [{"id": "01990000-0000-7000-8000-000000000002"}, {"api_key": "sk-ant-…", "name": "spare"}], "settings": {"extra_headers": {"X-Team": "blue"}}}""", "200", Provider),
        ["RotateProvider"] = ("""{"api_key": "sk-ant-…"}""", "202", Rollout),
        ["TestProvider"] = ("""{"api_key": "sk-ant-…"}""", "200", """{"ok": true, "status": 200, "latency_ms": 182.4, "error": null}"""),
        ["GetRollout"] = (null, "200", Rollout),
        ["CreateVirtualKey"] = (
            """{"name": "ci", "providers": ["anthropic"], "models": ["claude-*"], "limits": {"requests_per_minute": 600, "max_concurrent": 50}, "expires_at": "2030-12-31T00:00:00Z"}""",
            "201",
            """
            {"id": "01990000-0000-7000-8000-000000000005", "name": "ci", "hint": "trk_...9f3a", "key": "trk_…", "status": "active", "agent": null, "providers": ["anthropic"], "models": ["claude-*"],
             "limits": {"requests_per_minute": 600, "max_concurrent": 50, "tokens_per_day": null}, "expires_at": "2030-12-31T00:00:00Z", "revoked_at": null, "version": 1, "created_at": "2030-01-31T12:00:00Z"}
            """),
        ["PutSubscription"] = (
            """{"name": "team-max", "token": "sk-ant-oat01-…", "type": "max"}""",
            "201",
            """
            {"id": "01990000-0000-7000-8000-000000000006", "name": "team-max", "type": "max", "tier": null, "hint": "sk-a...w9Xy", "fingerprint": "9f86d081884c7d65", "token_generation": 1,
             "version": 1, "created_at": "2030-01-31T12:00:00Z", "updated_at": "2030-01-31T12:00:00Z", "warnings": []}
            """),
        ["TestSubscription"] = ("""{"subscription": "team-max"}""", "200", """{"verdict": "ok", "valid": true, "status": 200, "message": "The provider accepts the token.", "latency_ms": 431.5}"""),
        ["CreateAgent"] = ("""{"name": "builder", "runtime": "claude-code", "auth": "subscription", "subscription": "team-max", "resources": {"memory_mib": 2048}}""", "201", AgentChange),
        ["UpdateAgent"] = ("""{"auth": "api_key", "provider": "anthropic"}""", "200", AgentChange),
        ["AssignSubscription"] = ("""{"subscription": "team-max-2"}""", "200", AgentChange),
        ["RecreateAgent"] = ("""{"image": "trinity-agent:2"}""", "200", AgentChange),
        ["RunTask"] = (
            """{"prompt": "Say hello.", "timeout_seconds": 600}""",
            "200",
            """
            {"task": {"task_id": "0199000000007000800000000000000a", "outcome": "completed", "subscription_id": "01990000-0000-7000-8000-000000000006", "generation": 3, "fingerprint": "9f86d081884c7d65",
             "session_id": "5c1f…", "response": "Hello.", "error": null, "exit_code": 0, "started_at": "2030-01-31T12:00:00Z", "ended_at": "2030-01-31T12:00:09Z"}, "auto_switch": null, "first_task_id": null}
            """),
        ["UpdateVirtualKey"] = ("""{"limits": {"tokens_per_day": 2000000}, "expires_at": null}""", null, null),
        ["GetSubscriptionFailures"] = (null, "200", """
            {"items": [{"id": "01990000-0000-7000-8000-000000000007", "agent": "reviewer", "generation": 4, "fingerprint": "9f86d081884c7d65", "kind": "rate_limit", "source": "bridge",
             "message": "anthropic answered 429.", "resets_at": "2030-01-31T17:00:00Z", "retry_at": null, "occurred_at": "2030-01-31T12:00:00Z"}], "next": null}
            """),
        ["GetAgentTimeline"] = (null, "200", """
            {"items": [{"id": "01990000-0000-7000-8000-000000000008", "agent": "reviewer", "at": "2030-01-31T12:00:01Z", "kind": "subscription_auto_switch",
             "summary": "reviewer was moved from team-max to team-pro: team-max reached its limit.",
             "details": {"action": "switched", "old_subscription": "team-max", "new_subscription": "team-pro", "failure_kind": "rate_limit", "failure_source": "bridge", "failure_generation": 4,
              "failures": 1, "generation": 4, "reason": "team-pro is the best of 1: 20 % used, 2 agents.",
              "candidates": [{"subscription": "team-pro", "verdict": "chosen", "reason": "20 % used, 2 agents."}, {"subscription": "team-max", "verdict": "skipped", "reason": "It is the one to leave."}],
              "delivery": {"result": "hot_reloaded", "generation": 5, "detail": null}, "headroom": null, "earliest_reset": null},
             "occurrences": 1, "last_at": "2030-01-31T12:00:01Z"}], "next": null}
            """),
        ["ReadNotification"] = (null, "200", """
            {"id": "01990000-0000-7000-8000-000000000009", "at": "2030-01-31T12:00:01Z", "severity": "high", "category": "subscription", "agent": "reviewer",
             "title": "reviewer was moved from team-max to team-pro: team-max reached its limit.", "details": {"action": "switched"}, "read_at": "2030-01-31T12:05:00Z"}
            """),
        ["GetAccountUsageOfOne"] = (null, "200", """
            {"id": "team-max", "kind": "subscription", "provider": "anthropic", "status": "available", "label": "Weekly limit: 38 % left", "message": null, "plan": "max",
             "binding": {"name": "seven_day", "label": "Weekly limit", "used_percent": 62, "remaining_percent": 38, "resets_at": "2030-02-03T09:00:00Z", "refuses": false, "is_rate": false,
              "percent_per_hour": 1.5, "full_at": "2030-02-01T13:20:00Z", "observed_at": "2030-01-31T12:00:00Z"},
             "limits": [{"name": "seven_day", "label": "Weekly limit", "used_percent": 62, "remaining_percent": 38, "resets_at": "2030-02-03T09:00:00Z", "refuses": false, "is_rate": false,
               "percent_per_hour": 1.5, "full_at": "2030-02-01T13:20:00Z", "observed_at": "2030-01-31T12:00:00Z"},
              {"name": "five_hour", "label": "5-hour limit", "used_percent": 12, "remaining_percent": 88, "resets_at": "2030-01-31T15:00:00Z", "refuses": false, "is_rate": false,
               "percent_per_hour": 6, "full_at": null, "observed_at": "2030-01-31T12:00:00Z"}],
             "quota": null, "source": "live", "observed_at": "2030-01-31T12:00:00Z", "age_seconds": 0.4, "refreshing": false, "serves_again_at": null,
             "placement": {"accepts_new_work": true, "reason": null, "soft_ceiling_percent": 80, "agents": 3}}
            """),
        ["SimulateSubscriptionFailure"] = ("""{"subscription": "team-max", "kind": "rate_limit"}""", "200", """
            {"subscription": "team-max", "kind": "rate_limit",
             "summary": "Of 2 agents on team-max, 1 would move to another subscription, 1 would go on with their provider's own keys, and 0 would wait.", "switched": 1, "fallen_back": 1, "stuck": 0,
             "earliest_reset": "2030-01-31T15:00:00Z",
             "agents": [{"agent": "builder", "action": "switched", "new_subscription": "team-pro", "reason": "team-pro is the best of 1: 20 % used, 2 agents."},
              {"agent": "reviewer", "action": "api_key_fallback", "new_subscription": null, "reason": "No other subscription can be used; the provider's own keys can."}],
             "subscriptions": [{"subscription": "team-pro", "agents": 3, "why_no_new_work": null}]}
            """),
        ["GetSettings"] = (null, "200", """{"auto_switch_subscriptions": true, "subscription_api_key_fallback": true, "subscription_headroom_auto_refresh": true, "soft_ceiling_percent": 80}"""),
        ["UpdateSettings"] = ("""{"soft_ceiling_percent": 70}""", "200",
            """{"auto_switch_subscriptions": true, "subscription_api_key_fallback": true, "subscription_headroom_auto_refresh": true, "soft_ceiling_percent": 70}"""),
        ["CreateOperatorToken"] = ("""{"name": "dashboard", "role": "viewer"}""", null, null),
    };

    /// <summary>The operations that have examples.</summary>
    public static IReadOnlyCollection<string> Operations => ByOperation.Keys;

    public static void AddTo(OpenApiOperation operation)
    {
        if (operation.OperationId is null || !ByOperation.TryGetValue(operation.OperationId, out var example))
        {
            return;
        }

        if (example.Request is not null && operation.RequestBody?.Content?.TryGetValue("application/json", out var request) == true)
        {
            request.Example = JsonNode.Parse(example.Request);
        }

        if (example.Status is not null
            && operation.Responses?.TryGetValue(example.Status, out var response) == true
            && response.Content?.TryGetValue("application/json", out var reply) == true)
        {
            reply.Example = JsonNode.Parse(example.Response!);
        }
    }
}
