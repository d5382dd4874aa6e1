using System.Security.Cryptography;
using System.Text;

namespace Trinity.Shared.Secrets;

/// <summary>Encrypts secrets for the database: AES-256-GCM, the key named beside the ciphertext, the row bound in.</summary>
/// <remarks>
/// A ciphertext is version (1 byte) | nonce (12) | tag (16) | data. <c>_ring</c> is replaced as a whole by whichever thread
/// meets an unknown key id; a lost race only re-reads the file once more.
/// </remarks>
public sealed class SecretProtector(IEncryptionKeySource source)
{
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeaderBytes = 1 + NonceBytes + TagBytes;

    private volatile EncryptionKeyRing _ring = source.Read();

    /// <summary>The id of the key that new ciphertexts use.</summary>
    public string CurrentKeyId => _ring.CurrentId;

    /// <summary>Re-reads the key ring, so that a key added since is used from now on. Keys known so far go on decrypting: a file that was replaced by a poorer one takes nothing away before a restart.</summary>
    public void Refresh() => _ring = source.Read().And(_ring);

    /// <summary>The same where an older ring does as well. False: the ring cannot be read now, and stays as it was.</summary>
    public bool TryRefresh()
    {
        try
        {
            Refresh();
            return true;
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            return false;
        }
    }

    public ProtectedSecret Protect(string plaintext, SecretScope scope)
    {
        var ring = _ring;
        var plain = Encoding.UTF8.GetBytes(plaintext);
        var cipher = new byte[HeaderBytes + plain.Length];
        cipher[0] = Version;
        var nonce = cipher.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(ring.CurrentKey, TagBytes);
        aes.Encrypt(nonce, plain, cipher.AsSpan(HeaderBytes), cipher.AsSpan(1 + NonceBytes, TagBytes), scope.ToAssociatedData());
        CryptographicOperations.ZeroMemory(plain);
        return new ProtectedSecret(cipher, ring.CurrentId);
    }

    /// <summary>Decrypts what <see cref="Protect"/> made for the same <paramref name="scope"/>.</summary>
    /// <exception cref="CryptographicException">The key is unknown, or the ciphertext was altered or belongs to another row.</exception>
    /// <exception cref="EncryptionKeysUnreadableException">The key is not among those read so far, and the ring cannot be read again now.</exception>
    public string Unprotect(ProtectedSecret secret, SecretScope scope)
    {
        var key = _ring.Find(secret.KeyId) ?? FindAfterRefresh(secret.KeyId);
        var cipher = secret.Cipher.AsSpan();
        if (cipher.Length < HeaderBytes || cipher[0] != Version)
        {
            throw new CryptographicException("The ciphertext has an unknown format.");
        }

        var plain = new byte[cipher.Length - HeaderBytes];
        using var aes = new AesGcm(key, TagBytes);
        aes.Decrypt(cipher.Slice(1, NonceBytes), cipher[HeaderBytes..], cipher.Slice(1 + NonceBytes, TagBytes), plain, scope.ToAssociatedData());
        return Encoding.UTF8.GetString(plain);
    }

    private static bool IsUnreadable(Exception exception) => exception is IOException or UnauthorizedAccessException or FormatException;

    private byte[] FindAfterRefresh(string keyId)
    {
        try
        {
            Refresh();
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            throw new EncryptionKeysUnreadableException($"Encryption key '{keyId}' is new, and the key ring cannot be read: {exception.Message}", exception);
        }

        return _ring.Find(keyId)
            ?? throw new CryptographicException($"Encryption key '{keyId}' is not in the key ring; add it to TRINITY_ENCRYPTION_KEYS or the key file.");
    }
}

/// <summary>The key ring cannot be read now, so that nothing is known of a ciphertext: unlike a damaged one, it may be fine.</summary>
public sealed class EncryptionKeysUnreadableException(string message, Exception cause) : IOException(message, cause);

/// <summary>A ciphertext and the id of the key that made it.</summary>
public sealed record ProtectedSecret(byte[] Cipher, string KeyId);
