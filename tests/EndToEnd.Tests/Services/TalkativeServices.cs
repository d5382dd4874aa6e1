namespace Trinity.EndToEnd.Tests.Services;

/// <summary>The services with every log line switched on, those of the libraries too.</summary>
public sealed class TalkativeServices : TrinityServices
{
    protected override IReadOnlyList<string> Settings { get; } =
    [
        .. ((string[])["Default", "Microsoft.AspNetCore", "Npgsql", "Yarp"]).Select(category => $"--Logging:LogLevel:{category}=Trace"),
    ];
}
