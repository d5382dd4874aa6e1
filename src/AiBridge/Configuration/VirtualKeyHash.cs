using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Trinity.AiBridge.Configuration;

/// <summary>The SHA-256 of a virtual key, as a dictionary key that needs no allocation.</summary>
internal readonly record struct VirtualKeyHash(UInt128 High, UInt128 Low)
{
    private const int MaxTokenBytes = 256;

    /// <summary>Hashes a presented token; none of ours is longer than <see cref="MaxTokenBytes"/>, so a longer one matches nothing.</summary>
    public static VirtualKeyHash OfToken(ReadOnlySpan<char> token)
    {
        Span<byte> utf8 = stackalloc byte[MaxTokenBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!Encoding.UTF8.TryGetBytes(token, utf8, out var written))
        {
            return default;
        }

        SHA256.HashData(utf8[..written], hash);
        return Of(hash);
    }

    public static VirtualKeyHash Of(ReadOnlySpan<byte> hash) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(hash), BinaryPrimitives.ReadUInt128BigEndian(hash[16..]));
}
