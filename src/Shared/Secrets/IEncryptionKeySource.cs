namespace Trinity.Shared.Secrets;

/// <summary>Where the key ring comes from: the environment (fixed) or the key file (re-read when a ciphertext names a key we do not know).</summary>
public interface IEncryptionKeySource
{
    /// <summary>Reads the ring as it is now.</summary>
    /// <exception cref="FormatException">The text is no key ring.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    EncryptionKeyRing Read();
}

/// <summary>The ring of <c>TRINITY_ENCRYPTION_KEYS</c>.</summary>
public sealed class FixedEncryptionKeys(string text) : IEncryptionKeySource
{
    public EncryptionKeyRing Read() => EncryptionKeyRing.Parse(text);
}

/// <summary>The ring of a key file, which is made on first use. Later a missing file is an error: a fresh one would decrypt nothing.</summary>
public sealed class FileEncryptionKeys(string path, TimeProvider time) : IEncryptionKeySource
{
    private volatile bool _hasRead;

    public string Path => path;

    public EncryptionKeyRing Read()
    {
        if (!_hasRead)
        {
            EncryptionKeyFile.EnsureExists(path, time);
        }

        var ring = EncryptionKeyRing.Parse(File.ReadAllText(path));
        _hasRead = true;
        return ring;
    }
}
