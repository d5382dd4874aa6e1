namespace Trinity.AiBridge.Forwarding;

/// <summary>How long an upstream may be silent, and how often a silent stream is kept alive.</summary>
/// <param name="FirstByte">Until the reply's first byte.</param>
/// <param name="Idle">In the middle of a reply.</param>
/// <param name="Ping">Silence towards the client after which a ping is sent.</param>
internal readonly record struct ReplyLimits(TimeSpan FirstByte, TimeSpan Idle, TimeSpan Ping);
