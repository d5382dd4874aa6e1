namespace Trinity.TestSupport.Providers;

/// <summary>What was called on a <see cref="FakeProvider"/> is not what the test had scripted.</summary>
public sealed class FakeProviderException : Exception
{
    public FakeProviderException()
    {
    }

    public FakeProviderException(string message)
        : base(message)
    {
    }

    public FakeProviderException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
