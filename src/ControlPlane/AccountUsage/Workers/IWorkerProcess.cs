namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>A worker's process and the pipes to it. One caller at a time writes and reads; ending it is safe at any time.</summary>
internal interface IWorkerProcess : IDisposable
{
    /// <summary>Completes when the process has ended and was waited for; never fails.</summary>
    Task Exited { get; }

    /// <exception cref="IOException">The process has ended, or reads no more.</exception>
    Task WriteLineAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken);

    /// <summary>The next line without its end; null when there will be none.</summary>
    /// <exception cref="InvalidDataException">The line is longer than any answer.</exception>
    Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken);

    /// <summary>Asks it to end. Never fails.</summary>
    void CloseInput();

    /// <summary>Leaves it no choice, nor what it may have started. Never fails.</summary>
    void Kill();
}

/// <summary>Starts workers' processes.</summary>
internal interface IWorkerLauncher
{
    /// <summary>Starts one with the home's environment as it is now.</summary>
    /// <exception cref="Exception">It could not be started.</exception>
    Task<IWorkerProcess> LaunchAsync(string home, CancellationToken cancellationToken);
}
