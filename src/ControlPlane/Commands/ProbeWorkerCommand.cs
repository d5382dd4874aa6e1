using System.Collections;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Commands;

/// <summary><c>probe-worker</c>: answers probes of one home. The control plane starts it; it has no host and none of the control plane's settings, so that it starts fast and knows little.</summary>
internal static class ProbeWorkerCommand
{
    public const string Usage = """
        Answers probes of one home's accounts, for the control plane, which starts it with that home's environment: a line of JSON in, a line of JSON out.
        It ends when its standard input does. There is no need to start it by hand.
        """;

    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(variable => (string)variable.Key, variable => (string?)variable.Value ?? "", StringComparer.Ordinal);
        await using var input = Console.OpenStandardInput();
        await using var output = Console.OpenStandardOutput();
        using var channels = WorkerChannels.Create(environment);
        await new ProbeWorkerLoop(channels.Find, WorkerChannels.Logins(environment)).RunAsync(input, output, cancellationToken);
    }
}
