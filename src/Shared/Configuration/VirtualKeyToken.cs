using System.Security.Cryptography;
using System.Text;

namespace Trinity.Shared.Configuration;

/// <summary>The form of a virtual key: <c>trk_</c> and 32 random bytes in hex. Being random, a plain SHA-256 of it is safe to store.</summary>
public static class VirtualKeyToken
{
    public const string Prefix = "trk_";

    private const int RandomBytes = 32;

    public static string Create() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
