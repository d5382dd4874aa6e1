using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>A reload that has reached an agent.</summary>
/// <param name="Container">The id of the container that it reached.</param>
/// <param name="Request">Null: it was nothing that can be read.</param>
internal sealed record ReceivedReload(string Container, ReloadTokenRequest? Request)
{
    private int _status;

    /// <summary>What was answered, whether or not anybody heard; null while it is held, or when it was lost.</summary>
    public int? Status
    {
        get => Volatile.Read(ref _status) is var status and not 0 ? status : null;
        set => Volatile.Write(ref _status, value ?? 0);
    }

    public long Generation => Request!.Generation;

    public override string ToString() => $"generation {Request?.Generation} in {Container[..12]}: {Status}";
}
