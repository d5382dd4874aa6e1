using System.Text.Json.Serialization;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OperatorTokens;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Replicas;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane;

/// <summary>Source-generated JSON of everything that the API replies with, and of what replicas report.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ItemList<ProviderView>))]
[JsonSerializable(typeof(ProviderSettingsView))]
[JsonSerializable(typeof(ProbeResult))]
[JsonSerializable(typeof(Page<RolloutView>))]
[JsonSerializable(typeof(Page<AuditView>))]
[JsonSerializable(typeof(ItemList<OperatorTokenView>))]
[JsonSerializable(typeof(DrainingBridge[]))]
internal sealed partial class ControlPlaneJson : JsonSerializerContext;
