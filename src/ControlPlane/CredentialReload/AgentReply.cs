using System.Net;
using System.Text.Json.Serialization;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>What an agent server answered, or that it did not.</summary>
/// <param name="Status">Null: no answer.</param>
/// <param name="Value">The reply, of a success that could be read.</param>
/// <param name="Problem">What a refusal said.</param>
/// <param name="Failure">Why there is no answer.</param>
internal sealed record AgentReply<T>(HttpStatusCode? Status, T? Value, AgentProblem? Problem, string? Failure)
{
    public static AgentReply<T> Of(HttpStatusCode status, T? value, AgentProblem? problem) => new(status, value, problem, null);

    public static AgentReply<T> None(string failure) => new(null, default, null, failure);

    /// <summary>In a sentence. Of the agent's own words only its code is repeated.</summary>
    public string Describe() =>
        Failure ?? (Status is HttpStatusCode.OK
            ? "The agent's answer is not what an agent server says."
            : $"The agent answered {(int)Status!}{(Problem?.Code is { Length: > 0 and < 64 } code ? $" ({code})" : "")}.");
}

/// <summary>The members of an agent server's problem details that we act on.</summary>
internal sealed record AgentProblem
{
    public string? Code { get; init; }

    /// <summary>The generation that it has.</summary>
    public long? Generation { get; init; }

    public string? Fingerprint { get; init; }
}

/// <summary>The members of an agent server's problem details that are passed on to whoever asked for a task.</summary>
internal sealed record AgentRefusal(string? Detail, Dictionary<string, string[]>? Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AgentProblem))]
[JsonSerializable(typeof(AgentHealth))]
[JsonSerializable(typeof(AgentRefusal))]
internal sealed partial class AgentReplyJson : JsonSerializerContext;
