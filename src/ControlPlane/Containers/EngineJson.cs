using System.Text.Json.Serialization;

namespace Trinity.ControlPlane.Containers;

/// <summary>Source-generated JSON of the engine's API.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CreateContainerRequest))]
[JsonSerializable(typeof(CreateVolumeRequest))]
[JsonSerializable(typeof(CreateNetworkRequest))]
[JsonSerializable(typeof(CreateExecRequest))]
[JsonSerializable(typeof(StartExecRequest))]
[JsonSerializable(typeof(Dictionary<string, string[]>))]
[JsonSerializable(typeof(VersionReply))]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(IdReply))]
[JsonSerializable(typeof(ContainerItemReply[]))]
[JsonSerializable(typeof(ContainerReply))]
[JsonSerializable(typeof(NetworkReply))]
[JsonSerializable(typeof(ImageReply))]
[JsonSerializable(typeof(ExecReply))]
[JsonSerializable(typeof(EventReply))]
[JsonSerializable(typeof(StatsReply))]
internal sealed partial class EngineJson : JsonSerializerContext;
