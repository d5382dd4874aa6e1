using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>The encryption key was rotated, and the bridge may not read the new file: as when another user wrote it.</summary>
public sealed class UnreadableKeysTests
{
    private const string NewSecret = "sk-next-0123456789";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task KeyOfAProvider_WrittenWithAnUnreadableKey_OldOneServesAndTheRestIsApplied_UntilItCanBeRead(bool sameSecret)
    {
        var keys = new BreakableKeys();
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        keys.Text = bench.EncryptionKeys;
        await bench.StartBridgeAsync(configure: builder => builder.Services.AddSingleton<IEncryptionKeySource>(keys));
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        var before = bench.Bridge.Snapshot!.Generation;
        var (oldSecret, newer) = (TestBench.KeyOf("anthropic"), $"newer:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))},{bench.EncryptionKeys}");
        keys.IsBroken = true;

        await WriteAsync(bench, newer, sameSecret ? oldSecret : NewSecret);
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ReloadFailed);
        var another = await bench.Config.AddVirtualKeyAsync("another");
        await Eventually.TrueAsync(() => bench.Bridge.Snapshot!.VirtualKeys.Count == 2, "the rest is applied");

        Assert.Equal(oldSecret, await KeySeenAsync(bench, another));
        Assert.Equal((before, false), (bench.Bridge.Snapshot!.Generation, bench.Bridge.Snapshot.IsWhole)); // nobody may take it for applied
        await Eventually.TrueAsync(async () => (await ReplicaRow.ListAsync(bench))[0] is { Problems.Length: 1 } row && row.Generation == before, "the replica says so");

        (keys.Text, keys.IsBroken) = (newer, false);
        await bench.AppliedAsync();
        Assert.Equal(sameSecret ? oldSecret : NewSecret, await KeySeenAsync(bench, another));
        await Eventually.TrueAsync(async () => (await ReplicaRow.ListAsync(bench))[0] is { Problems.Length: 0 } row && row.Generation > before, "the replica has applied it");
    }

    [Fact]
    public async Task NewAndDisabledProviders_WrittenWithAnUnreadableKey_AreOutUntilItCanBeRead()
    {
        var keys = new BreakableKeys();
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"], startBridge: false);
        keys.Text = bench.EncryptionKeys;
        await bench.StartBridgeAsync(configure: builder => builder.Services.AddSingleton<IEncryptionKeySource>(keys));
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        var newer = $"newer:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))},{bench.EncryptionKeys}";
        var config = new TestConfig(bench.Database.DataSource, new SecretProtector(new FixedEncryptionKeys(newer)));
        keys.IsBroken = true;

        await WriteAsync(bench, newer, NewSecret);
        await bench.Config.EnableAsync("anthropic", enabled: false);
        await config.AddProviderAsync("new", "anthropic", bench.UpstreamUrl("anthropic"), [NewSecret]);
        await Eventually.TrueAsync(() => bench.Bridge.Snapshot!.Providers.ContainsKey("new"), "the rest is applied");
        Assert.DoesNotContain(bench.Bridge.Snapshot!.Providers.Values, provider => provider is { State: Configuration.ProviderState.Enabled, Name: not "openai" });

        (keys.Text, keys.IsBroken) = (newer, false);
        await bench.AppliedAsync();
        Assert.Equal(NewSecret, await KeySeenAsync(bench, bench.Token, "/new/v1/messages"));
    }

    private static async Task WriteAsync(TestBench bench, string encryptionKeys, string secret)
    {
        var id = await bench.Database.ScalarAsync<Guid>("select k.id from ai_provider_keys k join ai_providers p on p.id = k.provider_id where p.name = 'anthropic'");
        var written = new SecretProtector(new FixedEncryptionKeys(encryptionKeys)).Protect(secret, SecretScope.ProviderKey(id));
        await bench.Database.ExecuteAsync($"update ai_provider_keys set secret_cipher = '\\x{Convert.ToHexString(written.Cipher)}', cipher_key_id = '{written.KeyId}' where id = '{id}'");
    }

    private static async Task<string?> KeySeenAsync(TestBench bench, string token, string path = GatedStream.Path)
    {
        using var request = bench.Post(path, GatedStream.Request);
        request.Headers.Authorization = new("Bearer", token);
        using var reply = await bench.SendAsync(request);
        Assert.True(reply.IsSuccessStatusCode, $"{reply.StatusCode}");
        return bench.Upstream.Requests[^1].Key;
    }

    private sealed class BreakableKeys : IEncryptionKeySource
    {
        private volatile bool _isBroken;

        public string Text { get; set; } = "";

        public bool IsBroken
        {
            get => _isBroken;
            set => _isBroken = value;
        }

        public EncryptionKeyRing Read() => IsBroken ? throw new UnauthorizedAccessException("Access to the key file is denied.") : EncryptionKeyRing.Parse(Text);
    }
}
