using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Seeding;

public sealed class SeedTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();
    private readonly List<string> _variables = [];

    public void Dispose()
    {
        _variables.ForEach(name => Environment.SetEnvironmentVariable(name, null));
        _files.Dispose();
    }

    [Fact]
    public async Task Example_IsValid_AndImportsAsWritten()
    {
        Set("ANTHROPIC_API_KEY", Canaries.New("anthropic-key"));
        Set("OPENAI_API_KEY", Canaries.New("openai-key"));
        Set("OPENROUTER_API_KEY", Canaries.New("openrouter-key"));

        await using var host = await ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", Path.Combine(AppContext.BaseDirectory, "config", "providers.example.json")]);

        var items = (await host.Admin.GetAsync("providers")).Items;
        Assert.Equal(["anthropic", "local", "openai", "openrouter"], items.Select(item => item!["name"]!.GetValue<string>()));
        Assert.Single(items[0]!["api_keys"]!.AsArray());
        Assert.Equal(300, items[2]!["settings"]!["first_byte_timeout_seconds"]!.GetValue<int>());
        Assert.False(items[3]!["enabled"]!.GetValue<bool>());
        Assert.Contains(await host.AuditAsync(), entry => entry.StartsWith("provider.create openai", StringComparison.Ordinal));
    }

    [Fact]
    public async Task LaterStart_LeavesWhatIsThere_AndResurrectsNothing()
    {
        var variable = Set(NewVariable(), Canaries.New("openai-key"));
        var file = _files.Write("seed.json", $$"""
            {"providers": [{"name": "kept", "type": "openai", "api_keys": ["${{{variable}}}"]}, {"name": "deleted", "type": "openai"}]}
            """);
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();
        await using (var first = await ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", file], database))
        {
            (await first.Admin.PatchAsync("providers/kept", """{"display_name": "Changed"}""")).Is(200);
            (await first.Admin.DeleteAsync("providers/deleted")).Is(204);
        }

        Environment.SetEnvironmentVariable(variable, null); // needed once only
        _files.Write("seed.json", (await File.ReadAllTextAsync(file)).Replace("""{"name": "deleted",""", """{"name": "added", "type": "openai"}, {"name": "deleted",""", StringComparison.Ordinal));
        await using var second = await ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", file], database);

        Assert.Equal(["added", "kept"], await NamesAsync(database));
        Assert.Equal("Changed", await database.ScalarAsync<string>("select display_name from ai_providers where name = 'kept'"));
        Assert.Equal(2, second.Logs.Of(ControlPlaneEventIds.SeedSkipped).Count);
    }

    [Fact]
    public async Task SeveralControlPlanesAtOnce_ImportOnce()
    {
        var file = _files.Write("seed.json", """{"providers": [{"name": "a", "type": "openai"}, {"name": "b", "type": "openai"}]}""");
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();

        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", file], database)));

        Assert.Equal(["a", "b"], await NamesAsync(database));
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("""{"providers": [""", "line 1")]
    [InlineData("[]", "a list 'providers'")]
    [InlineData("""{"providers": {}}""", "a list 'providers'")]
    [InlineData("""{"providers": [], "virtual_keys": []}""", "'virtual_keys'")]
    [InlineData("""{"providers": [7]}""", "providers[0] must be an object with a name")]
    [InlineData("""{"providers": [{"name": "a", "type": "openai"}, {"name": "b", "type": "openai", "base_url": "http://169.254.169.254"}]}""", "providers[1].base_url: ")]
    [InlineData("""{"providers": [{"name": "a", "type": "openai", "keys": []}]}""", "providers[0].keys: Unknown member")]
    [InlineData("""{"providers": [{"name": "a", "type": "openai"}, {"name": "a", "type": "openai"}]}""", "providers[1].name: ")]
    [InlineData("""{"providers": [{"name": "a", "type": "openai", "api_keys": ["${TRINITY_TEST_UNSET_VARIABLE}"]}]}""", "providers[0].api_keys[0] names the environment variable TRINITY_TEST_UNSET_VARIABLE")]
    public async Task BadFile_StopsTheStart_SayingWhere(string content, string expected)
    {
        var file = _files.Write("seed.json", content);
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();

        var failure = await Assert.ThrowsAsync<StartupException>(() => ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", file], database));

        Assert.Contains(file, failure.Message, StringComparison.Ordinal);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Empty(await NamesAsync(database));
    }

    [Fact]
    public async Task BadKeyInTheEnvironment_IsNotRepeated()
    {
        var secret = Canaries.New("openai-key");
        var variable = Set(NewVariable(), secret + " ");
        var file = _files.Write("seed.json", $$"""{"providers": [{"name": "a", "type": "openai", "api_keys": ["${{{variable}}}"]}]}""");
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();

        var failure = await Assert.ThrowsAsync<StartupException>(() => ControlPlaneHost.StartAsync(["--ControlPlane:SeedFile", file], database));

        Canaries.AssertAbsentFrom(failure.Message, "The start-up error");
        Assert.Contains("providers[0].api_keys[0]", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> NamesAsync(PostgresDatabase database) =>
        await database.ScalarAsync<string[]>("select coalesce(array_agg(name order by name), '{}') from ai_providers where deleted_at is null") ?? [];

    private static string NewVariable() => $"TRINITY_TEST_{Guid.CreateVersion7():N}";

    private string Set(string name, string value)
    {
        _variables.Add(name);
        Environment.SetEnvironmentVariable(name, value);
        return name;
    }
}
