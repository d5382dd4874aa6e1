using System.Diagnostics;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Telemetry;

/// <summary>The trace span of an exchange, with the <c>gen_ai.*</c> attributes of the OpenTelemetry conventions. Made only when somebody listens.</summary>
internal static class BridgeActivity
{
    public static readonly ActivitySource Source = new(BridgeMetrics.MeterName);

    /// <summary>Null when nobody listens. The client's span, if it names one, is the parent.</summary>
    public static Activity? Start(string? traceParent, string? traceState)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        return ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var client)
            ? Source.StartActivity("interception", ActivityKind.Server, client)
            : Source.StartActivity("interception", ActivityKind.Server);
    }

    public static void Describe(Activity? activity, Interception record)
    {
        if (activity is null)
        {
            return;
        }

        activity.DisplayName = record.Model is null ? record.Route ?? "request" : $"chat {record.Model}";
        activity.SetTag("gen_ai.operation.name", "chat");
        activity.SetTag("gen_ai.provider.name", record.ProviderType);
        activity.SetTag("gen_ai.request.model", record.Model);
        activity.SetTag("gen_ai.conversation.id", record.SessionId);
        activity.SetTag("gen_ai.usage.input_tokens", record.TokenUsage?.Input);
        activity.SetTag("gen_ai.usage.output_tokens", record.TokenUsage?.Output);
        activity.SetTag("trinity.provider", record.Provider);
        activity.SetTag("trinity.interception.id", record.Id);
        activity.SetTag("trinity.generation", record.Generation);
        activity.SetTag("trinity.attempts", record.Attempts);
        activity.SetTag("http.response.status_code", record.Status);
        if (record.Outcome != Outcome.Completed)
        {
            activity.SetTag("error.type", record.Error ?? OutcomeNames.Of(record.Outcome));
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }
}
