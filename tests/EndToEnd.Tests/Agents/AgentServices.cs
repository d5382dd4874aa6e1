using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>The services with a real container engine and both agents' images: one for all tests of agents. The bridge listens where containers reach it.</summary>
public sealed class AgentServices(DockerFixture docker) : TrinityServices
{
    private DockerApi? _engine;
    private string? _problem;
    private string _hostAddress = "";

    protected override IReadOnlyList<string> Settings =>
        [$"--ControlPlane:Engine={Engine.Address}", $"--ControlPlane:BridgeUrl=http://host.docker.internal:{new Uri(BridgeUrl).Port}", $"--ControlPlane:AgentImage={AgentImage.Current}"];

    protected override string BridgeListen => $"{BridgeUrl};http://{_hostAddress}:{new Uri(BridgeUrl).Port}";

    internal DockerApi Engine => _engine!;

    public override async ValueTask InitializeAsync()
    {
        (_engine, _problem) = await docker.EngineAsync();
        _problem ??= AgentImage.WhyImpossible();
        if (_problem is null)
        {
            await AgentImage.BuildAsync(Engine);
            _hostAddress = (await Engine.SendAsync(HttpMethod.Get, "/networks/bridge")).GetProperty("IPAM").GetProperty("Config")[0].GetProperty("Gateway").GetString()!;
            await base.InitializeAsync();
        }
    }

    /// <summary>Skips the test where there is no engine, or no image, and says why.</summary>
    internal void RequireEngine() => Assert.SkipWhen(_problem is not null, $"Agents in containers are not tried: {_problem}.");
}

/// <summary>The tests that share <see cref="AgentServices"/>; they take turns.</summary>
[CollectionDefinition(Name)]
public sealed class AgentGroup : ICollectionFixture<AgentServices>
{
    public const string Name = "agents";
}
