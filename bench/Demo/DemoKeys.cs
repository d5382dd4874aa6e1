using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Trinity.Bench.Demo;

/// <summary>The provider's keys: number 0 is the first, and rotation N replaces N-1 by N.</summary>
internal sealed class DemoKeys
{
    private readonly ConcurrentDictionary<string, DemoKey> _bySecret = new(StringComparer.Ordinal);

    /// <summary>Makes a key that the upstream takes; called before Trinity learns of it.</summary>
    public DemoKey Add(int number)
    {
        var key = new DemoKey(number, $"sk-demo-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))}");
        _bySecret.TryAdd(key.Secret, key);
        return key;
    }

    public DemoKey? Find(string? secret) => secret is null ? null : _bySecret.GetValueOrDefault(secret);
}
