using System.Text;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>What a worker in memory was asked; it says nothing until the test does.</summary>
internal sealed class FakeQuestion(FakeWorkerProcess process, WorkerRequest request)
{
    private readonly TaskCompletionSource<byte[]?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeWorkerProcess Process => process;

    public string Channel => request.Channel;

    public long Id => request.Id;

    public Task<byte[]?> Answered => _answer.Task;

    /// <summary>As a worker does, with the home as the credential's fingerprint.</summary>
    public void Answer() => _answer.TrySetResult(WorkerProtocol.ToLine(new WorkerReply(request.Id, new UsageReply(UsageVerdict.Unsupported) { Problem = request.Channel }, process.Home)));

    public void Say(string line) => _answer.TrySetResult(Encoding.UTF8.GetBytes(line));

    public void Fail(Exception exception) => _answer.TrySetException(exception);
}
