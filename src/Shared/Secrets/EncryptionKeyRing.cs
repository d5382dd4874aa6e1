using System.Collections.Immutable;

namespace Trinity.Shared.Secrets;

/// <summary>Encryption keys in order: the first encrypts, all decrypt.</summary>
public sealed class EncryptionKeyRing
{
    private const int KeyBytes = 32;
    private const int MaxIdLength = 64;

    private readonly ImmutableArray<(string Id, byte[] Key)> _keys;

    private EncryptionKeyRing(ImmutableArray<(string, byte[])> keys) => _keys = keys;

    public string CurrentId => _keys[0].Id;

    internal byte[] CurrentKey => _keys[0].Key;

    /// <summary>This ring, which also decrypts what <paramref name="older"/> does.</summary>
    internal EncryptionKeyRing And(EncryptionKeyRing older)
    {
        var missing = older._keys.Where(key => Find(key.Id) is null).ToList();
        return missing.Count == 0 ? this : new EncryptionKeyRing([.. _keys, .. missing]);
    }

    internal byte[]? Find(string id)
    {
        foreach (var (keyId, key) in _keys)
        {
            if (string.Equals(keyId, id, StringComparison.Ordinal))
            {
                return key;
            }
        }

        return null;
    }

    /// <summary>Reads <c>id:base64</c> entries of 32-byte keys, separated by commas or line ends; lines that start with <c>#</c> are comments.</summary>
    /// <exception cref="FormatException">An entry is malformed, an id appears twice, or there is none. The message never holds key material.</exception>
    public static EncryptionKeyRing Parse(string text)
    {
        var keys = ImmutableArray.CreateBuilder<(string, byte[])>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in Entries(text))
        {
            var colon = entry.IndexOf(':', StringComparison.Ordinal);
            var id = colon > 0 ? entry[..colon] : "";
            var key = new byte[KeyBytes + 1];
            if (id.Length is 0 or > MaxIdLength
                || !Convert.TryFromBase64String(entry[(colon + 1)..], key, out var written)
                || written != KeyBytes)
            {
                throw new FormatException($"Encryption key number {keys.Count + 1} is not of the form id:base64 with 32 bytes of key.");
            }

            if (!seen.Add(id))
            {
                throw new FormatException($"Encryption key id '{id}' appears twice.");
            }

            keys.Add((id, key[..KeyBytes]));
        }

        return keys.Count > 0
            ? new EncryptionKeyRing(keys.ToImmutable())
            : throw new FormatException("No encryption key is given.");
    }

    // Lines first, so that a comma in a comment does not begin an entry.
    private static IEnumerable<string> Entries(string text)
    {
        const StringSplitOptions tidy = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        return text.Split(['\n', '\r'], tidy)
            .Where(line => !line.StartsWith('#'))
            .SelectMany(line => line.Split(',', tidy));
    }
}
