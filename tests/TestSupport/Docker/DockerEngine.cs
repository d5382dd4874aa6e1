using Trinity.TestSupport.Processes;

namespace Trinity.TestSupport.Docker;

/// <summary>A Docker Engine of the tests' own: socket, data and all processes in a folder and in namespaces that end with this object.</summary>
/// <remarks>It changes nothing on the machine but for one bridge, which is removed again. Its containers reach this machine and one another, not the internet.</remarks>
public sealed class DockerEngine : IAsyncDisposable
{
    private static readonly string[] Needed = ["dockerd", "docker-init", "runc", "unshare", "ip"];

    private readonly DockerWatchdog _watchdog;
    private readonly DockerBridge _bridge;
    private ChildProcess? _process;

    private DockerEngine(string folder, DockerBridge bridge)
    {
        (Folder, _bridge) = (folder, bridge);
        _watchdog = new DockerWatchdog(folder, bridge.Name);
        Api = new DockerApi($"unix://{Folder}/docker.sock");
    }

    public string Folder { get; }

    /// <summary>As <c>DOCKER_HOST</c> takes it.</summary>
    public string Address => Api.Address;

    public DockerApi Api { get; }

    /// <summary>This machine, as containers on the engine's default network see it.</summary>
    public string HostAddress => _bridge.Address;

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Why this machine cannot run one; null when it can.</summary>
    public static string? WhyImpossible()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            return "a container engine of our own needs Linux and root";
        }

        return Array.Find(Needed, program => Programs.Find(program) is null) is { } missing ? $"'{missing}' is not installed (Debian: docker.io, iproute2)" : null;
    }

    /// <summary>The engine with its small image, or why this machine cannot run one: a namespace, a control group or a file system that it is not allowed.</summary>
    public static async Task<(DockerEngine? Engine, string? Problem)> TryStartAsync()
    {
        if ((WhyImpossible() ?? DockerTestImage.WhyImpossible()) is { } problem)
        {
            return (null, problem);
        }

        DockerEngine? engine = null;
        try
        {
            engine = await StartAsync();
            await DockerTestImage.ImportAsync(engine.Api);
            await DockerTestImage.RunAsync(engine.Api);
            return (engine, null);
        }
        catch (Exception exception)
        {
            if (engine is not null)
            {
                await engine.DisposeAsync();
            }

            return (null, $"one of our own does not work here: {exception.Message}");
        }
    }

    private static async Task<DockerEngine> StartAsync()
    {
        var folder = Directory.CreateDirectory($"/tmp/trinity-docker-{Environment.ProcessId}-{Path.GetRandomFileName()}", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var engine = new DockerEngine(folder.FullName, await DockerBridge.AddAsync());
        try
        {
            await engine.RestartAsync();
            return engine;
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the killed engine again, over the same data.</summary>
    public async Task RestartAsync()
    {
        var processes = new DirectoryInfo(Path.Combine(Folder, "exec")); // what a machine forgets when it boots: process ids, sockets
        if (processes.Exists)
        {
            processes.Delete(recursive: true);
        }

        File.Delete(Path.Combine(Folder, "pid"));
        _process = ChildProcess.Start(Program());
        await Eventually.TrueAsync(async () => !IsRunning || await Api.AnswersAsync(), "the container engine answers");
        if (!IsRunning)
        {
            throw new InvalidOperationException($"dockerd did not start:\n{_process.Errors}");
        }
    }

    /// <summary>Ends it and all its containers at once, as a power cut would.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            await process.KillAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        await _watchdog.StopAsync();
        _watchdog.Dispose();
        Api.Dispose();
    }

    // Process namespace: what kills unshare kills all in it, containers too. Mount namespace: no mount stays behind.
    private ChildProgram Program() => new(
        "unshare",
        [
            "--pid", "--fork", "--kill-child", "--mount", "--mount-proc",
            "docker-init", "--", "dockerd",
            "--host", $"unix://{Folder}/docker.sock",
            "--data-root", $"{Folder}/data",
            "--exec-root", $"{Folder}/exec",
            "--pidfile", $"{Folder}/pid",
            "--cgroup-parent", DockerWatchdog.ControlGroup(Folder),
            "--bridge", _bridge.Name,
            "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", // published ports go through its proxy; the firewall is not ours
            "--log-level", "warn",
        ])
    { WorkingDirectory = "/" };
}
