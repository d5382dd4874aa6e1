using System.Net.Http.Headers;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>What came back of a channel's call: a status, or the sentence that says why there is none.</summary>
internal sealed record ChannelResponse
{
    /// <summary>Null: there was no answer, or none that can be read; see <see cref="Problem"/>.</summary>
    public int? Status { get; init; }

    public HttpResponseHeaders? Headers { get; init; }

    /// <summary>What the body of a 200 told.</summary>
    public PlanLimits? Limits { get; init; }

    public string? Problem { get; init; }

    /// <summary>What it means, where the channel knows no better: only a 401 is sure to be about the credential.</summary>
    public UsageReply ToReply(string detail) => this switch
    {
        { Problem: { } problem } => Unavailable(detail, problem),
        { Limits: { IsEmpty: false } limits } => new UsageReply(UsageVerdict.Known) { Limits = limits, Detail = detail },
        { Limits: not null } => Unavailable(detail, "The provider's reply names no limits."),
        { Status: 401 } => Refused(detail),
        { Status: 429 } => Unavailable(detail, "The provider limits how often it may be asked (429)."),
        { Status: >= 500 and var status } => Unavailable(detail, $"The provider is in trouble ({status})."),
        _ => Unavailable(detail, $"The provider answered {Status}, which says nothing of the account."),
    };

    /// <summary>The provider does not accept the credential.</summary>
    public UsageReply Refused(string detail) => new(UsageVerdict.InvalidCredential) { Detail = detail, Problem = $"The provider refuses the credential ({Status})." };

    private static UsageReply Unavailable(string detail, string problem) => new(UsageVerdict.Unavailable) { Detail = detail, Problem = problem };
}
