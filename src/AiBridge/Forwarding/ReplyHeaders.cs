namespace Trinity.AiBridge.Forwarding;

/// <summary>Headers that the bridge adds to replies.</summary>
internal static class ReplyHeaders
{
    /// <summary>Names the reply's record.</summary>
    public const string InterceptionId = "X-Trinity-Interception-Id";
}
