namespace Trinity.ControlPlane.Containers;

/// <summary>Why the engine did not do what it was asked.</summary>
internal enum EngineFault
{
    /// <summary>It does not answer: not installed, not started, or stopped in the middle.</summary>
    Unreachable,

    /// <summary>There is no such container, image, volume or network.</summary>
    NotFound,

    /// <summary>The name or the port is taken, or the container is in a state that forbids it.</summary>
    Conflict,

    /// <summary>The engine refused for another reason, or failed.</summary>
    Failed,
}

/// <summary>The engine refused or failed; the message is fit for an operator.</summary>
internal sealed class EngineException(EngineFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public EngineFault Fault { get; } = fault;
}
