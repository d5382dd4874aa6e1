using System.Security.Cryptography;
using System.Text;

namespace Trinity.ControlPlane.OperatorTokens;

/// <summary>The form of an operator token: <c>tro_</c> and 32 random bytes in hex. Being random, a plain SHA-256 of it is safe to store.</summary>
internal static class OperatorToken
{
    public const string Prefix = "tro_";

    private const int RandomBytes = 32;

    public static string Create() => Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    public static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
