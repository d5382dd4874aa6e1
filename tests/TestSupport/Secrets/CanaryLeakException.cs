namespace Trinity.TestSupport.Secrets;

/// <summary>A planted secret was found where none may be. Names the secret, never shows it.</summary>
public sealed class CanaryLeakException : Exception
{
    public CanaryLeakException()
    {
    }

    public CanaryLeakException(string message)
        : base(message)
    {
    }

    public CanaryLeakException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
