using System.Text.Json.Serialization;
using Trinity.ControlPlane.AccountUsage.Views;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Interceptions;
using Trinity.ControlPlane.Mcp;
using Trinity.ControlPlane.Notifications;
using Trinity.ControlPlane.OperatorTokens;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Replicas;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Settings;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.Timeline;
using Trinity.ControlPlane.Usage;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane;

/// <summary>Source-generated JSON of everything that the API replies with, and of what replicas report.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ItemList<ProviderView>))]
[JsonSerializable(typeof(ProviderSettingsView))]
[JsonSerializable(typeof(ProbeResult))]
[JsonSerializable(typeof(Page<RolloutView>))]
[JsonSerializable(typeof(Page<AuditView>))]
[JsonSerializable(typeof(ItemList<OperatorTokenView>))]
[JsonSerializable(typeof(ItemList<VirtualKeyView>))]
[JsonSerializable(typeof(ItemList<SubscriptionView>))]
[JsonSerializable(typeof(SubscriptionTest))]
[JsonSerializable(typeof(DeletedSubscription))]
[JsonSerializable(typeof(Page<FailureView>))]
[JsonSerializable(typeof(Page<TimelineView>))]
[JsonSerializable(typeof(Page<NotificationView>))]
[JsonSerializable(typeof(OperatorSettings))]
[JsonSerializable(typeof(ItemList<AgentView>))]
[JsonSerializable(typeof(ItemList<AgentLogLine>))]
[JsonSerializable(typeof(AgentAuthView))]
[JsonSerializable(typeof(AgentChangeView))]
[JsonSerializable(typeof(AgentTaskReply))]
[JsonSerializable(typeof(AutoSwitchView))]
[JsonSerializable(typeof(ItemList<TaskView>))]
[JsonSerializable(typeof(FleetRestart))]
[JsonSerializable(typeof(RunningTasks[]))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
[JsonSerializable(typeof(Fleet))]
[JsonSerializable(typeof(Page<InterceptionView>))]
[JsonSerializable(typeof(ItemList<UsageView>))]
[JsonSerializable(typeof(ItemList<AccountUsageView>))]
[JsonSerializable(typeof(UsageHistoryView))]
[JsonSerializable(typeof(SimulationView))]
[JsonSerializable(typeof(SubscriptionUsageView))]
[JsonSerializable(typeof(DrainingBridge[]))]
internal sealed partial class ControlPlaneJson : JsonSerializerContext;
