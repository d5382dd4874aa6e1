namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>One question and its answer. After anything but an answer the process is of no more use: what it says next may be the answer to this question.</summary>
internal static class WorkerConversation
{
    /// <exception cref="EndOfStreamException">The process ended instead.</exception>
    /// <exception cref="InvalidDataException">It answered something else.</exception>
    /// <exception cref="IOException">It could not be asked.</exception>
    public static async Task<WorkerReply> AskAsync(IWorkerProcess process, long id, string channel, CancellationToken cancellationToken)
    {
        await process.WriteLineAsync(WorkerProtocol.ToLine(new WorkerRequest(id, channel)), cancellationToken);
        var line = await process.ReadLineAsync(cancellationToken) ?? throw new EndOfStreamException("The worker has ended.");
        return WorkerProtocol.ReadReply(line) is { } reply && reply.Id == id ? reply : throw new InvalidDataException("The line is no answer to the question.");
    }
}
