using Microsoft.AspNetCore.Builder;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Support;

/// <summary>A folder of a test's own and an agent server whose tasks run a shell script in it.</summary>
internal sealed class AgentBench : IAsyncDisposable
{
    private readonly List<RunningAgentServer> _servers = [];

    public AgentBench()
    {
        Folder = Directory.CreateTempSubdirectory("trinity-agent-").FullName;
        Home = Directory.CreateDirectory(Path.Combine(Folder, "home")).FullName;
        CredentialFile = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "state")).FullName, "credential");
    }

    public string Folder { get; }

    public string Home { get; }

    public string CredentialFile { get; set; }

    /// <summary>A server whose tasks run this script with <c>sh</c>; it finds the test's folder in <c>$BENCH</c>.</summary>
    public async Task<RunningAgentServer> StartAsync(string script, string token = "", Action<WebApplicationBuilder>? configure = null, params IEnumerable<string> settings)
    {
        var path = Path.Combine(Folder, "task.sh");
        await File.WriteAllTextAsync(path, script, Timeouts.Token);
        var server = await RunningAgentServer.StartAsync(token, configure, map: null,
        [
            "Runtime=command",
            "Program=/bin/sh",
            $"Arguments:0={path}",
            $"Environment:HOME={Home}",
            $"Environment:BENCH={Folder}",
            $"CredentialFile={CredentialFile}",
            "CancelGrace=00:00:01",
            .. settings,
        ]);
        _servers.Add(server);
        return server;
    }

    /// <summary>A named pipe: a task that reads from it waits until <see cref="ReleaseAsync"/>.</summary>
    public async Task<string> GateAsync(string name)
    {
        var path = Path.Combine(Folder, name);
        (await ChildProcess.RunAsync(new ChildProgram("mkfifo", path), Timeouts.Default)).Succeeded();
        return path;
    }

    /// <summary>Lets the task that waits at the gate go on; waits until there is one.</summary>
    public static Task ReleaseAsync(string gate) => File.WriteAllTextAsync(gate, "go\n", Timeouts.Token);

    /// <summary>Waits for a file that a task writes.</summary>
    public Task WhenWrittenAsync(string name) => Eventually.TrueAsync(() => File.Exists(Path.Combine(Folder, name)), $"the task writes {name}");

    public string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public static ReloadTokenRequest Reload(long generation, string token, string? requestId = null) => new()
    {
        RequestId = requestId ?? $"request-{generation}",
        Generation = generation,
        SubscriptionId = Subscription(generation),
        Token = token,
    };

    public static Guid Subscription(long generation) => new((int)generation, 0, 0, new byte[8]);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }
}
