namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Asks about the accounts that homes are logged in to, each home in processes of its own.</summary>
internal interface IHomeProber
{
    /// <summary>Never throws for what the home, its process or the provider does; has deadlines of its own, and limits how many are asked at once.</summary>
    Task<ProbeReply> ProbeAsync(string home, string channel, CancellationToken cancellationToken);

    /// <summary>Ends the home's processes, which know its environment of when they were started; what they are asked now they still answer.</summary>
    void Flush(string home);
}
