using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trinity.AgentServer;
using Trinity.AgentServer.Credentials;
using Trinity.AgentServer.Tasks;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>Where a container's agent server runs, and what it finds there.</summary>
internal sealed record FakeAgentSetup
{
    /// <summary>The container's id.</summary>
    public required string Container { get; init; }

    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>The container's whole environment, that of its image included.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Lives and dies with the container.</summary>
    public required string StateFolder { get; init; }

    /// <summary>The home volume.</summary>
    public required string Home { get; init; }

    public required AgentScript Script { get; init; }

    public required ContainerLog Log { get; init; }
}

/// <summary>The real agent server, in this process, with a script before it. Its tasks' program is a shell that runs the prompt.</summary>
/// <remarks><c>_lock</c> guards the fields; servers are started and stopped outside of it, by one caller at a time (the container's turn).</remarks>
internal sealed class FakeAgent(FakeAgentSetup setup) : IAsyncDisposable
{
    private const string Prefix = "TRINITY_";

    private readonly Lock _lock = new();
    private readonly List<FakeTask> _tasks = [];
    private readonly List<string> _cut = [];
    private WebApplication? _app;

    public AgentScript Script => setup.Script;

    public Uri Address => new($"http://{setup.Host}:{setup.Port}");

    /// <summary>What new tasks get.</summary>
    public CredentialSnapshot Credential => Get<CredentialStore>().Current;

    public CredentialStatus Status => Get<CredentialStore>().Status();

    /// <summary>Tasks that ran when the server was stopped.</summary>
    public IReadOnlyList<string> Cut
    {
        get
        {
            lock (_lock)
            {
                return [.. _cut];
            }
        }
    }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">The container's environment is unusable.</exception>
    public async Task UpAsync()
    {
        var app = AgentServerApp.Create([.. Settings()], builder =>
        {
            builder.Logging.ClearProviders().AddProvider(setup.Log);
            builder.Services.AddSingleton<IStartupFilter>(new ScriptedRequests(setup.Script, setup.Container));
        });
        await app.StartAsync(Timeouts.Token);
        lock (_lock)
        {
            _app = app;
        }
    }

    /// <summary>The server's process is gone, and what it ran; whatever is on disk stays.</summary>
    public async Task DownAsync()
    {
        WebApplication? app;
        FakeTask[] tasks;
        lock (_lock)
        {
            (app, _app) = (_app, null);
            tasks = [.. _tasks];
            _tasks.Clear();
        }

        if (app is null)
        {
            return;
        }

        var table = app.Services.GetRequiredService<TaskTable>();
        var running = table.All().Where(task => task.Outcome == TaskOutcome.Running).Select(task => task.TaskId).ToArray();
        lock (_lock)
        {
            _cut.AddRange(running);
        }

        Array.ForEach(tasks, task => task.End(TaskOutcome.Cancelled));
        await ((IHost)app).StopAsync(Timeouts.Token);
        await app.DisposeAsync();
    }

    /// <summary>A task begins on the agent's present credential, and runs until the test ends it.</summary>
    public FakeTask Begin(string? id = null)
    {
        var table = Get<TaskTable>();
        var admission = table.Admit(new TaskRequest { TaskId = id, Prompt = "work" }, out var isNew);
        Assert.True(isNew, $"The task was not admitted: {admission}");
        var task = new FakeTask(table, Assert.IsType<Admission.Running>(admission).Task);
        lock (_lock)
        {
            _tasks.Add(task);
        }

        return task;
    }

    public async ValueTask DisposeAsync() => await DownAsync();

    private T Get<T>()
        where T : notnull
    {
        lock (_lock)
        {
            return (_app ?? throw new InvalidOperationException("The agent server is down.")).Services.GetRequiredService<T>();
        }
    }

    // As the server reads its own variables; then what only the engine and the image know. The last one holds.
    private IEnumerable<string> Settings()
    {
        var own = setup.Environment
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .ToDictionary(variable => variable.Key[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), variable => variable.Value, StringComparer.OrdinalIgnoreCase);
        var isCommand = own.GetValueOrDefault("AgentServer:Runtime") == "command";
        string[] program = isCommand ? [] : ["--AgentServer:Runtime=command", "--AgentServer:Program=/bin/sh"];
        return own.Select(setting => $"--{setting.Key}={setting.Value}").Concat(program).Concat(
        [
            $"--AgentServer:Listen=http://{setup.Host}:{setup.Port}",
            $"--AgentServer:CredentialFile={Path.Combine(setup.StateFolder, "credential")}",
            $"--AgentServer:Environment:HOME={setup.Home}",
            $"--AgentServer:WorkingDirectory={setup.Home}",
            "--AgentServer:CancelGrace=00:00:00",
            "--AgentServer:ShutdownDeadline=00:00:00", // a stop is at once: whatever still runs is cut, and the test is told
        ]);
    }
}
