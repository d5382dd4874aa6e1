using System.Text.Json;
using System.Text.Json.Serialization;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>What a worker is asked: a line of JSON on its standard input, one at a time.</summary>
/// <param name="Id">Not zero; the reply's is the same.</param>
/// <param name="Channel">One of <see cref="UsageChannels"/>.</param>
internal sealed record WorkerRequest(long Id, string Channel);

/// <summary>What it answers: a line of JSON on its standard output.</summary>
/// <param name="Id">The request's; zero: the line was no request.</param>
/// <param name="Usage">The channel's answer.</param>
/// <param name="Credential">The fingerprint of the credential that was asked with; null where there was none.</param>
internal sealed record WorkerReply(long Id, UsageReply Usage, string? Credential = null);

/// <summary>Both as bytes of one line, without its end.</summary>
internal static class WorkerProtocol
{
    /// <summary>No reply is longer: the windows of an account and a few words.</summary>
    public const int LongestLine = 64 * 1024;

    public static byte[] ToLine(WorkerRequest request) => JsonSerializer.SerializeToUtf8Bytes(request, WorkerJson.Default.WorkerRequest);

    public static byte[] ToLine(WorkerReply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, WorkerJson.Default.WorkerReply);

    /// <summary>Null: the line is no request.</summary>
    public static WorkerRequest? ReadRequest(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Null: the line is no reply, or one that says it knows limits and tells none.</summary>
    public static WorkerReply? ReadReply(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, WorkerJson.Default.WorkerReply) is { } reply && Enum.IsDefined(reply.Usage.Verdict)
                && (reply.Usage.Verdict == UsageVerdict.Known) == (reply.Usage.Limits is not null) ? reply : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(WorkerRequest))]
[JsonSerializable(typeof(WorkerReply))]
internal sealed partial class WorkerJson : JsonSerializerContext;
