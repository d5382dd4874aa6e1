namespace Trinity.AiBridge.Recording;

/// <summary>Where what was heard of limits goes, outside of this process.</summary>
internal interface ILimitsStore
{
    /// <summary>Keeps the later of what is there and what was observed; writing it again changes nothing.</summary>
    /// <param name="batch">At most one of each credential.</param>
    /// <param name="cancellationToken">Gives up; the batch may have been written.</param>
    Task WriteAsync(IReadOnlyList<ObservedLimits> batch, CancellationToken cancellationToken);
}
