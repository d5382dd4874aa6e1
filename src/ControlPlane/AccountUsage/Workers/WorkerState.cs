namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Where a worker's life stands. It goes forward only: without a process it may be new or done for, and the two must never be taken for each other.</summary>
internal enum WorkerState
{
    /// <summary>No process yet: the first probe starts one.</summary>
    NeverStarted,

    /// <summary>It has a process, which may have died since.</summary>
    Running,

    /// <summary>Its process, if it ever had one, is being ended. It is never used again.</summary>
    Closed,
}
