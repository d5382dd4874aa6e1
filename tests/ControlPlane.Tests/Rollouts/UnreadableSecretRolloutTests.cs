using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Rollouts;

/// <summary>Encryption keys are missing: what cannot be compared is not taken for safe, and the rollout says what that is.</summary>
public sealed class UnreadableSecretRolloutTests
{
    private const string LoseFingerprints = "update rollouts set fingerprints_key_id = 'gone'";

    [Theory]
    [InlineData(LoseFingerprints)]
    [InlineData("update rollouts set fingerprints_cipher = ''")]
    public async Task Rollout_FingerprintsCannotBeDecrypted_IsNotSafe_UntilTheyCan(string lose)
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var rollout = await host.Admin.RotateAsync("main");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
        await host.Database.ExecuteAsync("create table kept as select * from rollouts");
        await host.Database.ExecuteAsync(lose);

        rollout = await host.Admin.ReadAsync(rollout);
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains($"The fingerprint of the retired key {rollout.At("retired_keys[0].id")} ({rollout.At("retired_keys[0].hint")})", rollout.WaitingFor(), StringComparison.Ordinal);

        await host.Database.ExecuteAsync("update rollouts r set fingerprints_cipher = k.fingerprints_cipher, fingerprints_key_id = k.fingerprints_key_id from kept k");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_RetiredKeyCouldNotBeDecrypted_IsNotSafe()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        await host.Database.ExecuteAsync("update ai_provider_keys set cipher_key_id = 'gone'");

        var rollout = await host.Admin.RotateAsync("main");

        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("cannot be told whether the same key is in use elsewhere", rollout.WaitingFor(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollout_ConfiguredKeyCannotBeDecrypted_IsNotSafe_UntilItIsReplaced()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var other = await host.Admin.CreateProviderAsync("other", Canaries.New("anthropic-key"));
        await host.Database.ExecuteAsync($"update ai_provider_keys set cipher_key_id = 'gone' where id = '{other.KeyId(0)}'");

        var rollout = await host.Admin.RotateAsync("main");
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains($"What is configured for provider 'other' (key {other.KeyId(0)}", Assert.Single(rollout.WaitingFor().Split('\n')), StringComparison.Ordinal);

        await host.Admin.RotateAsync("other");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
    }

    // What another rollout retires may be the same key: its generation and its requests are waited for.
    [Fact]
    public async Task Rollout_AnotherOnesFingerprintsCannotBeDecrypted_ItIsWaitedFor()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var other = await host.Admin.CreateProviderAsync("other", Canaries.New("anthropic-key"));
        var rollout = await host.Admin.RotateAsync("main");
        var replica = await host.AddReplicaAsync(rollout.Generation());
        var later = await host.Admin.RotateAsync("other");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());

        await host.Database.ExecuteAsync($"{LoseFingerprints} where id = '{later.At("id")}'");
        Assert.False((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
        await host.SetReplicaAsync(replica, $"generation = {later.Generation()}, draining = '[{RolloutCalls.Bridge(1, other.KeyId(0))}]'");
        Assert.False((await host.Admin.ReadAsync(rollout)).SafeToRevoke());

        await host.SetReplicaAsync(replica, "draining = '[]'");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
    }
}
