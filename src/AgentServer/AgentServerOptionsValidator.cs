using System.Globalization;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Runtimes;

namespace Trinity.AgentServer;

/// <summary>Names every setting that cannot be worked with.</summary>
internal sealed class AgentServerOptionsValidator : IValidateOptions<AgentServerOptions>
{
    private const int ShortestToken = 16;
    private const int MostTasks = 64;
    private const int MostFinishedTasks = 10_000;

    private static readonly TimeSpan LongestTask = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestGrace = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestShutdown = TimeSpan.FromHours(1);

    public ValidateOptionsResult Validate(string? name, AgentServerOptions options)
    {
        var failures = new List<string>([.. Access(options), .. Runtime(options), .. Limits(options), .. Credential(options)]);
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static IEnumerable<string> Access(AgentServerOptions options)
    {
        if (ListenAddress.TryParse(options.Listen) is not { } address)
        {
            yield return $"AgentServer:Listen is '{options.Listen}'; it must be one address of the form http://host:port.";
        }
        else if (options.Token.Length == 0 && !address.IsLoopback)
        {
            yield return $"AgentServer:Listen is '{options.Listen}', which other machines can reach: set TRINITY_AGENTSERVER__TOKEN, or listen on 127.0.0.1.";
        }

        if (options.Token.Length > 0 && (options.Token.Length < ShortestToken || options.Token.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0))
        {
            yield return $"TRINITY_AGENTSERVER__TOKEN must be at least {ShortestToken} printable ASCII characters without spaces.";
        }
    }

    private static IEnumerable<string> Runtime(AgentServerOptions options)
    {
        if (!RuntimeNames.All.Contains(options.Runtime, StringComparer.Ordinal))
        {
            yield return $"AgentServer:Runtime is '{options.Runtime}'; it must be one of {string.Join(", ", RuntimeNames.All)}.";
        }
        else if (options.Runtime == RuntimeNames.Command && options.Program.Length == 0)
        {
            yield return "AgentServer:Program is empty; the runtime 'command' needs to be told what to run.";
        }

        if (options.WorkingDirectory.Length > 0 && !Path.IsPathRooted(options.WorkingDirectory))
        {
            yield return $"AgentServer:WorkingDirectory is '{options.WorkingDirectory}'; it must be an absolute path.";
        }

        foreach (var variable in options.Environment.Keys.Where(key => key.Length == 0 || key.AsSpan().ContainsAny('=', '\0')))
        {
            yield return $"AgentServer:Environment has a variable named '{variable}', which is no name.";
        }

        // One that stays there would shadow every credential that comes by reload.
        foreach (var variable in options.Environment.Keys.Where(CredentialVariables.IsOne))
        {
            yield return $"AgentServer:Environment sets {variable}, which is the credential's: use AgentServer:ApiKey or AgentServer:Credential.";
        }
    }

    private static IEnumerable<string> Limits(AgentServerOptions options)
    {
        if (options.MaxParallelTasks is < 1 or > MostTasks)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"AgentServer:MaxParallelTasks is {options.MaxParallelTasks}; it must be between 1 and {MostTasks}.");
        }

        if (options.FinishedTasks is < 1 or > MostFinishedTasks)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"AgentServer:FinishedTasks is {options.FinishedTasks}; it must be between 1 and {MostFinishedTasks}.");
        }

        if (options.TaskTimeout <= TimeSpan.Zero || options.TaskTimeout > LongestTask)
        {
            yield return $"AgentServer:TaskTimeout is {options.TaskTimeout}; it must be more than zero and at most {LongestTask}.";
        }

        if (options.CancelGrace < TimeSpan.Zero || options.CancelGrace > LongestGrace)
        {
            yield return $"AgentServer:CancelGrace is {options.CancelGrace}; it must be between zero and {LongestGrace}.";
        }

        if (options.ShutdownDeadline < TimeSpan.Zero || options.ShutdownDeadline > LongestShutdown)
        {
            yield return $"AgentServer:ShutdownDeadline is {options.ShutdownDeadline}; it must be between zero and {LongestShutdown}.";
        }
    }

    private static IEnumerable<string> Credential(AgentServerOptions options)
    {
        if (!Path.IsPathRooted(options.CredentialFile) || Path.EndsInDirectorySeparator(options.CredentialFile))
        {
            yield return $"AgentServer:CredentialFile is '{options.CredentialFile}'; it must be the absolute path of a file.";
        }
        else if (ChildEnvironment.Home(options) is { Length: > 1 } home && (Path.GetFullPath(options.CredentialFile) + '/').StartsWith(Path.GetFullPath(home).TrimEnd('/') + '/', StringComparison.Ordinal))
        {
            yield return $"AgentServer:CredentialFile is '{options.CredentialFile}', below the home folder: that outlives the container, and an outdated credential with it.";
        }

        if (options.Credential.BaseUrl.Length > 0 && !IsHttp(options.Credential.BaseUrl))
        {
            yield return "AgentServer:Credential:BaseUrl must be an http:// or https:// address.";
        }

        if (options.Credential.Generation < 0)
        {
            yield return "AgentServer:Credential:Generation must not be negative.";
        }
    }

    public static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https") && uri.UserInfo.Length == 0;
}
