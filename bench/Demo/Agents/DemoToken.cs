using System.Security.Cryptography;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.Bench.Demo.Agents;

/// <summary>One token of the subscription. Number 0 is the first, and rotation N replaces N-1 by N.</summary>
internal sealed class DemoToken(int number)
{
    private volatile bool _unused; // set once by the operator's part, read by the upstream's

    public int Number => number;

    public string Secret { get; } = $"sk-ant-oat01-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24))}";

    /// <summary>What may be shown of it.</summary>
    public string Hint => SecretHint.Of(Secret);

    public string Fingerprint => CredentialFingerprint.Of(Secret);

    /// <summary>The generation of an agent that has it.</summary>
    public long Generation => number + 1;

    /// <summary>Whether Trinity has said that it is out of use everywhere.</summary>
    public bool IsDeclaredUnused => _unused;

    public void DeclareUnused() => _unused = true;

    public override string ToString() => $"token {number} ({Hint})";
}
