using System.Diagnostics;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Starts this program's worker verb with an environment of its own.</summary>
internal sealed class WorkerLauncher(WorkerCommand command, WorkerEnvironment environment) : IWorkerLauncher
{
    public Task<IWorkerProcess> LaunchAsync(string home, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command.FileName, command.Arguments)
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment.Create(home))
        {
            start.Environment[name] = value;
        }

        return Task.FromResult<IWorkerProcess>(new WorkerProcess(Process.Start(start)!));
    }
}
