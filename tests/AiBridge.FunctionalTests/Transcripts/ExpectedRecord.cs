using System.Text.Json;
using System.Text.Json.Serialization;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>What the bridge must record of an exchange; what is not named must be unknown or empty.</summary>
internal sealed record ExpectedRecord
{
    /// <summary>The outcome of an exchange that leaves no record.</summary>
    public const string None = "none";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    public required string Outcome { get; init; }
    public string? Error { get; init; }
    public string? Model { get; init; }
    public string Client { get; init; } = "Unknown";
    public string? Session { get; init; }
    public ExpectedUsage? Usage { get; init; }
    public IReadOnlyList<ExpectedTool> Tools { get; init; } = [];

    public static ExpectedRecord Read(TranscriptFile file, string mode)
    {
        if (!file.TryGet("expected", mode, out var bytes, out var section))
        {
            throw file.Error($"does not say what is expected of {mode}");
        }

        try
        {
            return JsonSerializer.Deserialize<ExpectedRecord>(bytes, Json) ?? throw file.Error(section, "is null");
        }
        catch (JsonException exception)
        {
            throw new FormatException(file.Error(section, "cannot be read").Message + " " + exception.Message, exception);
        }
    }

    public void AssertEquals(RecordedInterception record)
    {
        Assert.Equal((Outcome, Error), (record.Outcome, record.Error));
        Assert.Equal((Model, Client, Session), (record.Model, record.Client, record.SessionId));
        Assert.Equal(
            (Usage?.Input, Usage?.Output, Usage?.CacheRead, Usage?.CacheWrite, Usage?.Reasoning),
            (record.Input, record.Output, record.CacheRead, record.CacheWrite, record.Reasoning));
        Assert.Equal(Tools.Select(tool => (tool.Id, tool.Name, tool.InputText)), record.Tools.Select(tool => (tool.ToolCallId, tool.Tool, tool.Input)));
    }
}

/// <summary>Tokens; input is net of the cache.</summary>
internal sealed record ExpectedUsage
{
    public required long Input { get; init; }
    public required long Output { get; init; }
    public long CacheRead { get; init; }
    public long CacheWrite { get; init; }
    public long Reasoning { get; init; }
}

/// <summary>A call, its input as JSON exactly as the model wrote it, or as a string where it is no JSON.</summary>
internal sealed record ExpectedTool
{
    public string? Id { get; init; }
    public required string Name { get; init; }
    public JsonElement Input { get; init; }

    public string? InputText => Input.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        JsonValueKind.String => Input.GetString(),
        _ => Input.GetRawText(),
    };
}
