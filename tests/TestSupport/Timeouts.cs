using Xunit;

namespace Trinity.TestSupport;

/// <summary>The one generous time limit that every wait of the tests shares.</summary>
public static class Timeouts
{
    /// <summary>How long a test waits for something that should happen at once.</summary>
    public static TimeSpan Default { get; } = TimeSpan.FromSeconds(60);

    /// <summary>A new token that fires after <see cref="Default"/>, or earlier when the test is cancelled.</summary>
    public static CancellationToken Token => After(Default);

    /// <summary>A new token that fires after the given time, or earlier when the test is cancelled.</summary>
    public static CancellationToken After(TimeSpan time)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var token = source.Token;
        token.UnsafeRegister(static state => ((CancellationTokenSource)state!).Dispose(), source);
        source.CancelAfter(time);
        return token;
    }
}
