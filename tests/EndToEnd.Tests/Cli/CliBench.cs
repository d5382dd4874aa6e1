using System.Text.Json;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>One test's share of the services: a provider with its fake upstream, a virtual key, and a fresh home for the client.</summary>
internal sealed class CliBench : IAsyncDisposable
{
    private const string Nowhere = "http://127.0.0.1:9"; // discard: nobody listens

    private readonly TrinityServices _services;
    private readonly DirectoryInfo _root;

    private CliBench(TrinityServices services, string clients, FakeProvider upstream, string provider)
    {
        _services = services;
        Clients = clients;
        Upstream = upstream;
        Provider = provider;
        Key = NewKey();
        _root = Directory.CreateDirectory(Path.Combine(services.DataDirectory, provider));
        Home = _root.CreateSubdirectory("home").FullName;
        Work = _root.CreateSubdirectory("work").FullName;
    }

    /// <summary>The folder node_modules of the installed clients.</summary>
    public string Clients { get; }

    /// <summary>Strict: a request of the client that the test did not script fails the test.</summary>
    public FakeProvider Upstream { get; }

    /// <summary>The provider's name, of this test alone.</summary>
    public string Provider { get; }

    /// <summary>The provider's key at the start.</summary>
    public string Key { get; }

    /// <summary>What the client authenticates with.</summary>
    public string VirtualKey { get; set; } = "";

    public string Home { get; }

    /// <summary>The client's working directory.</summary>
    public string Work { get; }

    /// <summary>Where the client finds the provider.</summary>
    public string Url => $"{_services.BridgeUrl}/{Provider}";

    public ControlPlaneClient ControlPlane => _services.ControlPlane;

    public static async Task<CliBench> StartAsync(TrinityServices services, string type)
    {
        var clients = await CliInstallation.FolderAsync(); // first, because it may skip the test
        var upstream = await FakeProvider.StartAsync();
        var bench = new CliBench(services, clients, upstream, $"{type}-{Guid.CreateVersion7():n}");
        await services.ControlPlane.AddProviderAsync(bench.Provider, type, type == "anthropic" ? upstream.BaseUrl : upstream.BaseUrl + "/v1", bench.Key);
        bench.VirtualKey = await services.ControlPlane.AddVirtualKeyAsync(bench.Provider);
        return bench;
    }

    /// <summary>The environment of every client: a home of its own, and no way out but to this machine.</summary>
    public Dictionary<string, string> NewEnvironment() => new(StringComparer.Ordinal)
    {
        ["HOME"] = Home,
        ["HTTP_PROXY"] = Nowhere,
        ["HTTPS_PROXY"] = Nowhere,
        ["ALL_PROXY"] = Nowhere,
        ["NO_PROXY"] = "127.0.0.1",
    };

    public static string NewKey() => $"sk-fake-{Guid.CreateVersion7():n}";

    /// <summary>Puts a file into the working directory.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(Work, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Rotates to a new key and returns it with the rollout.</summary>
    public async Task<(string Key, JsonElement Rollout)> RotateAsync()
    {
        var key = NewKey();
        return (key, await ControlPlane.RotateAsync(Provider, key));
    }

    /// <summary>The requests as the control plane shows them, oldest first.</summary>
    public Task<IReadOnlyList<JsonElement>> InterceptionsAsync(int count) => ControlPlane.InterceptionsAsync(Provider, count);

    public ValueTask DisposeAsync() => Upstream.DisposeAsync();
}
