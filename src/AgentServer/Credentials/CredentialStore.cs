using System.Runtime.InteropServices;
using Trinity.AgentServer.Redaction;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Credentials;

/// <summary>The one place where the credential lives.</summary>
/// <remarks>
/// <c>_current</c> is written under <c>_lock</c> and read anywhere through <see cref="Volatile"/>. <c>_inUse</c>, the leases per snapshot, and the
/// redactor's list of values are written under <c>_lock</c> alone: a value is masked before a task can get it, and until the last of them has returned it.
/// </remarks>
internal sealed class CredentialStore
{
    private readonly Lock _lock = new();
    private readonly Redactor _redactor;
    private readonly Dictionary<CredentialSnapshot, int> _inUse = new(ReferenceEqualityComparer.Instance);
    private CredentialSnapshot _current;

    public CredentialStore(CredentialSnapshot first, Redactor redactor)
    {
        _redactor = redactor;
        _current = first;
        Mask(first);
    }

    public CredentialSnapshot Current => Volatile.Read(ref _current);

    /// <summary>The credential of new tasks from now on; running ones keep theirs.</summary>
    public void Swap(CredentialSnapshot next)
    {
        lock (_lock)
        {
            Mask(_current, next);
            Volatile.Write(ref _current, next);
            Mask(next);
        }
    }

    /// <summary>Takes the current credential for a task. Null: it has been revoked.</summary>
    public CredentialLease? Take()
    {
        lock (_lock)
        {
            if (_current.IsRevoked)
            {
                return null;
            }

            CollectionsMarshal.GetValueRefOrAddDefault(_inUse, _current, out _)++;
            return new CredentialLease(this, _current);
        }
    }

    public void Return(CredentialSnapshot snapshot)
    {
        lock (_lock)
        {
            if (--CollectionsMarshal.GetValueRefOrNullRef(_inUse, snapshot) == 0)
            {
                _inUse.Remove(snapshot);
                Mask(_current);
            }
        }
    }

    public CredentialStatus Status()
    {
        lock (_lock)
        {
            return new CredentialStatus
            {
                Generation = _current.Generation,
                SubscriptionId = _current.SubscriptionId,
                Fingerprint = _current.Fingerprint,
                Revoked = _current.IsRevoked,
                RequestId = _current.RequestId,
                RunningTasks = [.. _inUse
                    .Select(use => new RunningTasks(use.Key.Generation, use.Key.SubscriptionId, use.Key.Fingerprint, use.Value))
                    .OrderBy(running => running.Generation)],
            };
        }
    }

    private void Mask(params CredentialSnapshot[] besideThoseInUse) =>
        _redactor.UseCredentials(besideThoseInUse.Concat(_inUse.Keys).SelectMany(snapshot => snapshot.Secrets));
}
