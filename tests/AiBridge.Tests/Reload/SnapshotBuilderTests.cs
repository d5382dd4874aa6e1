using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Reload;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.Tests.Reload;

/// <summary>2.4 n: one bad row is that row's trouble alone.</summary>
public sealed class SnapshotBuilderTests
{
    private static readonly string KeyRing = $"test:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    private readonly SecretProtector _secrets = new(new FixedEncryptionKeys(KeyRing));
    private readonly SnapshotBuilder _builder;

    public SnapshotBuilderTests() => _builder = Builder(_secrets);

    public static TheoryData<string, string> BadRows() => new()
    {
        { "unknown type", "type" },
        { "bad url", "base_url" },
        { "forbidden url", "base_url" },
        { "bad name", "name" },
        { "too many keys", "api_keys" },
        { "key twice", "api_keys" },
        { "key with a line break", "api_keys" },
        { "undecryptable key", "decrypted" },
        { "key of another row", "decrypted" },
        { "unknown encryption key", "decrypted" },
        { "settings of a newer release", "not readable" },
        { "settings that are no JSON", "not readable" },
        { "settings with a null inside", "" },
        { "bad extra header", "extra_headers" },
        { "negative time limit", "timeout" },
        { "empty cipher", "decrypted" },
    };

    [Theory]
    [MemberData(nameof(BadRows))]
    public void Build_OneBadRow_IsExcludedWithItsReasonAndTheOthersServe(string fault, string reason)
    {
        var good = Row("good");
        var (bad, badKeys) = Bad(fault);

        var snapshot = _builder.Build(Rows(1, [good, bad], [Key(good, 0, "sk-good"), .. badKeys]), null);

        Assert.Equal(ProviderState.Enabled, snapshot.Providers["good"].State);
        var excluded = snapshot.Providers[bad.Name];
        Assert.Equal(ProviderState.Error, excluded.State);
        Assert.Empty(excluded.Config.Keys);
        var problem = Assert.Single(snapshot.Problems);
        Assert.Equal((bad.Id, bad.Name), (problem.ProviderId, problem.Name));
        Assert.Contains(reason, problem.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("sk-", problem.Message, StringComparison.Ordinal);
    }

    // The row names an encryption key that is not in the ring, so the ring is read again, and that fails.
    [Fact]
    public void Build_EncryptionKeysUnreadable_OnlyRowsThatNeedThemAreExcluded()
    {
        var source = new BreakingKeySource(KeyRing);
        var builder = Builder(new SecretProtector(source));
        var (good, bad) = (Row("good"), Row("bad"));
        source.Broken = true;

        var snapshot = builder.Build(Rows(1, [good, bad], [Key(good, 0, "sk-good"), Key(bad, 0, "sk-bad") with { CipherKeyId = "newer" }]), null);

        Assert.Equal((ProviderState.Enabled, ProviderState.Error), (snapshot.Providers["good"].State, snapshot.Providers["bad"].State));
    }

    // As when the key file is replaced by one that this process may not read.
    [Fact]
    public void Build_EncryptionKeysUnreadable_WhatServesServesOnAndTheRestIsApplied()
    {
        var source = new BreakingKeySource(KeyRing);
        var builder = Builder(new SecretProtector(source));
        var (good, other) = (Row("good"), Row("other"));
        var live = builder.Build(Rows(1, [good, other], [Key(good, 0, "sk-good"), Key(other, 0, "sk-other")]), null);
        source.Broken = true;
        ProviderKeyRow[] changed = [Key(good, 0, "sk-next") with { CipherKeyId = "newer" }, Key(other, 0, "sk-rotated")];

        var partly = builder.Build(Rows(2, [good, other], changed), live);
        var again = builder.Build(Rows(3, [good, other], changed), partly);

        foreach (var (snapshot, revision) in new[] { (partly, 2), (again, 3) })
        {
            Assert.Same(live.Providers["good"], snapshot.Providers["good"]);
            Assert.Equal("sk-rotated", snapshot.Providers["other"].Config.Keys[0].Secret.Reveal());
            Assert.Equal((revision, 1, false), (snapshot.Revision, snapshot.Generation, snapshot.IsWhole)); // the rotation of the first is not applied, and nobody may think so
            Assert.Equal("good", Assert.Single(snapshot.Problems).Name);
        }
    }

    // 2.4 l, R3: the first key is the lowest ordinal, whatever else the rows say.
    [Fact]
    public void Build_KeysInOrderOfTheRows_KeepTheirOrder()
    {
        var row = Row("openai");

        var snapshot = _builder.Build(Rows(1, [row], [Key(row, 0, "sk-first"), Key(row, 1, "sk-second")]), null);

        Assert.Equal(["sk-first", "sk-second"], snapshot.Providers["openai"].Config.Keys.Select(key => key.Secret.Reveal()));
    }

    [Fact]
    public void Build_NothingChanged_TakesTheModelsOver()
    {
        var row = Row("openai");
        var key = Key(row, 0, "sk-one");
        var before = _builder.Build(Rows(1, [row], [key]), null);

        var after = _builder.Build(Rows(2, [row], [key]), before);

        Assert.Same(before.Providers["openai"], after.Providers["openai"]);
    }

    [Fact]
    public void Build_OneChanged_TakesTheOthersOver()
    {
        var (one, two) = (Row("one"), Row("two"));
        var key = Key(one, 0, "sk-one");
        var before = _builder.Build(Rows(1, [one, two], [key, Key(two, 0, "sk-two")]), null);

        var after = _builder.Build(Rows(2, [one, two], [key, Key(two, 0, "sk-new")]), before);

        Assert.Same(before.Providers["one"], after.Providers["one"]);
        Assert.NotEqual(before.Providers["two"].Revision, after.Providers["two"].Revision);
    }

    [Fact]
    public void Build_SecretReencrypted_IsNoChange()
    {
        var row = Row("openai");
        var key = Key(row, 0, "sk-one");
        var before = _builder.Build(Rows(1, [row], [key]), null);

        var after = _builder.Build(Rows(2, [row], [key with { SecretCipher = _secrets.Protect("sk-one", SecretScope.ProviderKey(key.Id)).Cipher }]), before);

        Assert.Same(before.Providers["openai"], after.Providers["openai"]);
    }

    [Fact]
    public void Build_RowMended_ServesAgain()
    {
        var row = Row("openai");
        var key = Key(row, 0, "sk-one");
        var before = _builder.Build(Rows(1, [row], [key with { SecretCipher = [1, 2, 3] }]), null);
        Assert.Equal(ProviderState.Error, before.Providers["openai"].State);

        var after = _builder.Build(Rows(2, [row], [key]), before);

        Assert.Equal(ProviderState.Enabled, after.Providers["openai"].State);
        Assert.Empty(after.Problems);
    }

    [Fact]
    public void Build_LimitsOfAnotherRelease_HoldTheKeyBackInsteadOfSettingItFree()
    {
        var token = VirtualKeyToken.Create();
        var row = new VirtualKeyRow { Id = Guid.CreateVersion7(), Name = "k", Hash = VirtualKeyToken.Hash(token), Limits = """{"requests_per_fortnight":3}""" };

        var snapshot = _builder.Build(Rows(1, [], []) with { VirtualKeys = [row] }, null);

        Assert.Equal(0, snapshot.VirtualKeys[VirtualKeyHash.OfToken(token)].Limits.MaxConcurrent);
    }

    [Fact]
    public void Build_HashOfAnotherLength_MatchesNobodyAndHurtsNobody()
    {
        var row = new VirtualKeyRow { Id = Guid.CreateVersion7(), Name = "k", Hash = [1, 2, 3] };

        Assert.Empty(_builder.Build(Rows(1, [], []) with { VirtualKeys = [row] }, null).VirtualKeys);
    }

    private static SnapshotBuilder Builder(SecretProtector secrets) => new(secrets, new UpstreamAddressPolicy(allowPrivate: true), NullLogger<SnapshotBuilder>.Instance);

    private static ConfigRows Rows(long revision, ProviderRow[] providers, ProviderKeyRow[] keys) =>
        new() { Revision = revision, Providers = providers, ProviderKeys = keys, VirtualKeys = [] };

    private static ProviderRow Row(string name) => new() { Id = Guid.CreateVersion7(), Name = name, Type = ProviderTypes.OpenAi, BaseUrl = "http://127.0.0.1:9/v1", Enabled = true };

    private ProviderKeyRow Key(ProviderRow provider, int ordinal, string secret)
    {
        var id = Guid.CreateVersion7();
        var cipher = _secrets.Protect(secret, SecretScope.ProviderKey(id));
        return new ProviderKeyRow { Id = id, ProviderId = provider.Id, Ordinal = ordinal, SecretCipher = cipher.Cipher, CipherKeyId = cipher.KeyId, Hint = "…" };
    }

    private ProviderRow WithSettings(ProviderRow row, string json)
    {
        var cipher = _secrets.Protect(json, SecretScope.ProviderSettings(row.Id));
        return row with { SettingsCipher = cipher.Cipher, SettingsKeyId = cipher.KeyId };
    }

    private (ProviderRow Row, ProviderKeyRow[] Keys) Bad(string fault)
    {
        var row = Row("bad");
        var key = Key(row, 0, "sk-bad");
        return fault switch
        {
            "unknown type" => (row with { Type = "cohere" }, [key]),
            "bad url" => (row with { BaseUrl = "not a url" }, [key]),
            "forbidden url" => (row with { BaseUrl = "http://169.254.169.254/" }, [key]),
            "bad name" => (row with { Name = "Not A Name" }, [key]),
            "too many keys" => (row, [.. Enumerable.Range(0, 6).Select(ordinal => Key(row, ordinal, $"sk-{ordinal}"))]),
            "key twice" => (row, [key, Key(row, 1, "sk-bad")]),
            "key with a line break" => (row, [Key(row, 0, "sk-\r\nX-Evil: 1")]),
            "undecryptable key" => (row, [key with { SecretCipher = [.. key.SecretCipher[..^1], (byte)(key.SecretCipher[^1] ^ 1)] }]),
            "key of another row" => (row, [key with { Id = Guid.CreateVersion7() }]),
            "unknown encryption key" => (row, [key with { CipherKeyId = "lost" }]),
            "settings of a newer release" => (WithSettings(row, """{"teleport":true}"""), [key]),
            "settings that are no JSON" => (WithSettings(row, "{"), [key]),
            "settings with a null inside" => (WithSettings(row, """{"extra_headers":{"X-A":null}}"""), [key]),
            "bad extra header" => (WithSettings(row, """{"extra_headers":{"Authorization":"x"}}"""), [key]),
            "negative time limit" => (WithSettings(row, """{"idle_timeout_seconds":-1}"""), [key]),
            "empty cipher" => (row, [key with { SecretCipher = Encoding.UTF8.GetBytes("") }]),
            _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, null),
        };
    }

    private sealed class BreakingKeySource(string keys) : IEncryptionKeySource
    {
        public bool Broken { get; set; }

        public EncryptionKeyRing Read() => Broken ? throw new FormatException("The key file is broken.") : EncryptionKeyRing.Parse(keys);
    }
}
