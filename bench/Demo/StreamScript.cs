using System.Security.Cryptography;
using System.Text;
using Trinity.TestSupport.Dialects;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo;

/// <summary>What the upstream answers. A stream's text follows from its number, so that the client knows every byte of it beforehand.</summary>
internal static class StreamScript
{
    /// <summary>The longest stream, as a share of the average.</summary>
    public const double LongestShare = 1.5;

    private const double ShortestShare = 0.5;
    private const int Words = 40;
    private const int Lengths = 11;

    /// <summary>The reply to every request that does not stream.</summary>
    public static FakeReply Quick { get; } = AnthropicMessage.Saying("Hello.").Blocking();

    /// <summary>Words with the stream's number and a checksum over both, so that no two streams have a word in common.</summary>
    public static FakeReply Stream(int number) =>
        AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(0, Words).Select(word => Word(number, word)))).Streaming();

    /// <summary>Neighbours take different times: were they all the same, the streams would end in step.</summary>
    public static TimeSpan TimeOf(int number, TimeSpan average) =>
        average * (ShortestShare + ((LongestShare - ShortestShare) * (number * 7 % Lengths) / (Lengths - 1)));

    private static string Word(int number, int word)
    {
        var text = $"{number}.{word}";
        return $"{text}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)).AsSpan(0, 4))}";
    }
}
