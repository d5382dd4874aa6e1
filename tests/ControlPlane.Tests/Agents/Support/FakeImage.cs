namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>An image that the engine has.</summary>
/// <param name="Id">As the engine names it.</param>
/// <param name="Labels">What it says of itself.</param>
/// <param name="Environment">What its containers get beside their own variables.</param>
internal sealed record FakeImage(string Id, IReadOnlyDictionary<string, string> Labels, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Whether its agents answer 404 to credentials.</summary>
    public bool IsOld => Environment["TRINITY_AGENTSERVER__CREDENTIALRELOAD"] == "false";

    /// <summary>As the agents' image is built: what it says in its label, it does by its environment.</summary>
    public static FakeImage Of(string reference, bool takesCredentials)
    {
        var value = takesCredentials ? "true" : "false";
        return new(
            $"sha256:{Shared.AgentApi.CredentialFingerprint.Of(reference)}",
            new Dictionary<string, string>(StringComparer.Ordinal) { ["trinity.credential-reload"] = value },
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["HOME"] = "/home/developer",
                ["TRINITY_AGENTSERVER__LISTEN"] = "http://0.0.0.0:8090",
                ["TRINITY_AGENTSERVER__CREDENTIALRELOAD"] = value,
            });
    }
}
