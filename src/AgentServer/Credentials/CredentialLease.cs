namespace Trinity.AgentServer.Credentials;

/// <summary>A task's hold on the credential it was started with: until disposed, that credential counts as in use, and its values are masked.</summary>
internal sealed class CredentialLease(CredentialStore store, CredentialSnapshot snapshot) : IDisposable
{
    private int _isReturned;

    public CredentialSnapshot Snapshot => snapshot;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReturned, 1) == 0)
        {
            store.Return(snapshot);
        }
    }
}
