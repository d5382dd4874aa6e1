using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.EncryptionKeys;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.EncryptionKeys;

public sealed class EncryptionKeyRotationTests
{
    private const string KeyIds = """
        select string_agg(distinct id, ',') from (
          select cipher_key_id as id from ai_provider_keys
          union all select settings_key_id from ai_providers where settings_cipher is not null
          union all select cipher_key_id from subscriptions
          union all select fingerprints_key_id from rollouts) as used
        """;

    [Fact]
    public async Task Rotate_WithAKeyFile_ReencryptsEverything_WhileTheServiceRuns()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await FillAsync(host);
        var before = await host.Database.ScalarAsync<string>(KeyIds);
        var token = (await File.ReadAllTextAsync(host.TokenFile)).Trim();

        using var output = new StringWriter();
        using var error = new StringWriter();
        var exit = await new ControlPlane.Commands.CommandLine(output, error)
            .RunAsync(["keys", "rotate", "--Database", host.Database.ConnectionString, "--Data", host.DataDirectory, "--Logging:LogLevel:Default", "None"], Timeouts.Token);

        Assert.Equal(0, exit);
        var after = await host.Database.ScalarAsync<string>(KeyIds);
        Assert.NotEqual(before, after);
        Assert.DoesNotContain(',', after!);
        Assert.Equal($"5 secrets re-encrypted with key {after}: 2 provider keys, 1 provider settings, 1 rollouts, 1 subscriptions, 0 agents' tokens, 0 agents' virtual keys.", output.ToString().Trim());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(host.DataDirectory, "encryption-keys")));

        // The service that was running all along reads the old rows and writes new ones with the new key.
        Assert.Equal("enabled", (await host.As(token).GetAsync("providers/main")).At("status.state"));
        (await host.Admin.PatchAsync("providers/main", """{"settings": {"idle_timeout_seconds": 9}}""")).Is(200);
        await host.Admin.CreateProviderAsync("later", Canaries.New("anthropic-key"));
        Assert.Equal(after, await host.Database.ScalarAsync<string>(KeyIds));
    }

    [Fact]
    public async Task Rotate_WithAFixedRing_TakesItsFirstKey_AndTheSecondTimeFindsNothing()
    {
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();
        var (old, fresh) = (NewKey("old"), NewKey("fresh"));
        await using var before = await ControlPlaneHost.StartAsync(["--ENCRYPTION_KEYS", old], database);
        await FillAsync(before);
        await using var after = await ControlPlaneHost.StartAsync(["--ENCRYPTION_KEYS", $"{fresh},{old}"], database);
        var rotation = after.Services.GetRequiredService<EncryptionKeyRotation>();

        Assert.Equal(5, (await rotation.RotateAsync("test", Timeouts.Token)).Counts.Values.Sum());
        Assert.Equal("fresh", await database.ScalarAsync<string>(KeyIds));
        Assert.Equal(0, (await rotation.RotateAsync("test", Timeouts.Token)).Counts.Values.Sum());

        await using var later = await ControlPlaneHost.StartAsync(["--ENCRYPTION_KEYS", fresh], database);
        var token = (await before.Admin.PostAsync("operator-tokens", """{"name": "second", "role": "admin"}""")).At("token")!;
        Assert.Equal("enabled", (await later.As(token).GetAsync("providers/main")).At("status.state"));
    }

    [Fact]
    public async Task Rotate_SecretThatCannotBeDecrypted_ChangesNothing()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await FillAsync(host);
        await host.Database.ExecuteAsync("update ai_provider_keys set cipher_key_id = 'gone' where ordinal = 1");
        var before = await host.Database.ScalarAsync<string>(KeyIds);

        var failure = await Assert.ThrowsAsync<StartupException>(() => host.Services.GetRequiredService<EncryptionKeyRotation>().RotateAsync("test", Timeouts.Token));

        Assert.Contains("'gone'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, await host.Database.ScalarAsync<string>(KeyIds));
    }

    private static async Task FillAsync(ControlPlaneHost host)
    {
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));
        (await host.Admin.PatchAsync("providers/main", $$$"""{"settings": {"extra_headers": {"X-Team": "{{{Canaries.New("team-header")}}}"} } }""")).Is(200);
        (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202);
        (await host.Admin.PostAsync("subscriptions", $$"""{"name": "team", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
    }

    private static string NewKey(string id) => $"{id}:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";
}
