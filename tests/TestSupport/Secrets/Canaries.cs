using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Trinity.TestSupport.Secrets;

/// <summary>The secrets that tests plant, and the search for them where no secret may turn up.</summary>
public static class Canaries
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    private const int RandomLength = 48;

    private static readonly ConcurrentDictionary<string, Canary> Planted = new(StringComparer.Ordinal);

    // By a part of each of their traces: a text is read once, however many secrets the tests have planted by then.
    private static readonly ConcurrentDictionary<string, Canary[]> ByPart = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A new secret that looks like a real one of its kind: anthropic-key, anthropic-oauth, openai-key, openrouter-key, or anything else.</summary>
    public static string New(string kind)
    {
        var random = RandomNumberGenerator.GetString(Letters, RandomLength);
        var secret = kind switch
        {
            "anthropic-key" => $"sk-ant-api03-{random}-AA",
            "anthropic-oauth" => $"sk-ant-oat01-{random}-AA",
            "openai-key" => $"sk-proj-{random}",
            "openrouter-key" => $"sk-or-v1-{random}",
            _ => $"{kind}-{random}",
        };
        Plant(kind, secret);
        return secret;
    }

    /// <summary>Makes a secret that came from elsewhere (a virtual key, a generated token) a canary too.</summary>
    public static void Plant(string kind, string secret)
    {
        var canary = new Canary(kind, secret);
        if (!Planted.TryAdd(secret, canary))
        {
            return;
        }

        foreach (var part in canary.Parts)
        {
            ByPart.AddOrUpdate(part, [canary], (_, others) => [.. others, canary]);
        }
    }

    /// <summary>Throws when the text holds a planted secret, a long part of one, or one of its usual encodings.</summary>
    public static void AssertAbsentFrom(string text, string where)
    {
        var leaks = Suspects(text).Select(canary => canary.FindIn(text)).OfType<string>().ToList();
        if (leaks.Count > 0)
        {
            throw new CanaryLeakException($"{where} holds planted secrets: {string.Join("; ", leaks)}");
        }
    }

    private static HashSet<Canary> Suspects(string text)
    {
        var suspects = new HashSet<Canary>(Planted.Values.Where(canary => canary.Parts.Count == 0));
        var byPart = ByPart.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var start = 0; start + Canary.FragmentLength <= text.Length; start++)
        {
            if (byPart.TryGetValue(text.AsSpan(start, Canary.FragmentLength), out var found))
            {
                suspects.UnionWith(found);
            }
        }

        return suspects;
    }
}
