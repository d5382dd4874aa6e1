using System.Security.Cryptography;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>A task that runs, or has processes left that do. Disposed when none of them has its credential any more.</summary>
internal sealed class AgentTask(TaskRequest request, CredentialLease credential, TaskView started) : IDisposable
{
    private const int MarkLength = 32;

    private readonly TaskCompletionSource<TaskView> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private Task _work = Task.CompletedTask;

    public TaskRequest Request => request;

    public CredentialLease Credential => credential;

    /// <summary>As it was at its start.</summary>
    public TaskView Started => started;

    /// <summary>By which its processes are found.</summary>
    public string Mark { get; } = RandomNumberGenerator.GetHexString(MarkLength);

    public TaskOutput Output { get; } = new();

    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>Its end, with the outcome. Never fails.</summary>
    public Task<TaskView> Ended => _ended.Task;

    public override string ToString() => $"{started.TaskId}, {_work.Status}";

    /// <summary>Keeps the work that ends this task; called once, by who began it.</summary>
    public void Own(Task work) => _work = work;

    public void Cancel()
    {
        try
        {
            _cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public void End(TaskView view)
    {
        Output.Complete();
        _ended.TrySetResult(view);
    }

    public void Dispose()
    {
        credential.Dispose();
        _cancel.Dispose();
    }
}
