namespace Trinity.ControlPlane;

/// <summary>The program cannot do what it was started for; the message tells the operator what to put right, in one line.</summary>
internal sealed class StartupException(string message) : Exception(message);
