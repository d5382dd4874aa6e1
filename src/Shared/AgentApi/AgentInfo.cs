namespace Trinity.Shared.AgentApi;

/// <summary>What an agent server says of itself at <c>GET /api/info</c>.</summary>
/// <param name="Version">The server's version.</param>
/// <param name="Runtimes">The runtimes it can start.</param>
/// <param name="StartedAt">When the server came up, UTC.</param>
public sealed record AgentInfo(string Version, IReadOnlyList<string> Runtimes, DateTimeOffset StartedAt);

/// <summary>The reply of <c>GET /health</c>.</summary>
/// <param name="Status"><c>ok</c>.</param>
public sealed record AgentHealth(string Status);
