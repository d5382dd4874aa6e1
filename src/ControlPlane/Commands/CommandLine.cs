using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Npgsql;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Commands;

/// <summary>Runs the verb that the command line names. Expected failures are one line on standard error.</summary>
internal sealed class CommandLine(TextWriter output, TextWriter error)
{
    private const int Failed = 1;
    private const int Misused = 2;

    private const string Usage = """
        Trinity control plane.

        Verbs:
          serve                                                 answer the API (the default)
          migrate                                               bring the database's schema up to date
          keys rotate                                           re-encrypt all stored secrets with the newest encryption key
          operator-token create --name NAME --role admin|viewer make an operator token and print it, this once

        Settings: TRINITY_DATABASE, TRINITY_DATA and others as environment variables, or --Section:Key=value.
        """;

    /// <summary>Returns the process's exit code: 0 done, 1 failed, 2 misused.</summary>
    public async Task<int> RunAsync(string[] args, CancellationToken cancellationToken)
    {
        var words = args.TakeWhile(arg => !arg.StartsWith('-')).ToArray();
        var settings = args[words.Length..];
        if (args is ["--help" or "-h" or "help", ..] || settings is ["--help" or "-h", ..])
        {
            await output.WriteLineAsync(words is [WorkerCommand.Verb] ? ProbeWorkerCommand.Usage : Usage);
            return 0;
        }

        try
        {
            switch (words)
            {
                case [] or ["serve"]:
                    await ServeCommand.RunAsync(settings, cancellationToken);
                    return 0;
                case ["migrate"]:
                    await MigrateCommand.RunAsync(settings, output, cancellationToken);
                    return 0;
                case ["keys", "rotate"]:
                    await RotateKeysCommand.RunAsync(settings, output, cancellationToken);
                    return 0;
                case ["operator-token", "create"]:
                    return await CreateOperatorTokenCommand.RunAsync(settings, output, error, cancellationToken) ? 0 : Misused;
                case [WorkerCommand.Verb]:
                    await ProbeWorkerCommand.RunAsync(cancellationToken);
                    return 0;
                default:
                    await error.WriteLineAsync($"Unknown verb '{string.Join(' ', words)}'; see --help.");
                    return Misused;
            }
        }
        catch (Exception exception) when (Describe(exception) is not null)
        {
            await error.WriteLineAsync(Describe(exception)!.ReplaceLineEndings(" "));
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed;
        }
    }

    /// <summary>What an operator can put right, in a sentence without secrets; null for what is our own mistake.</summary>
    private static string? Describe(Exception exception) => exception switch
    {
        StartupException => exception.Message,
        OptionsValidationException options => string.Join(" ", options.Failures),
        PostgresException postgres => $"The database refuses: {postgres.MessageText} (SQLSTATE {postgres.SqlState}); check TRINITY_DATABASE.",
        NpgsqlException => $"The database cannot be reached: {exception.Message}{(exception.InnerException is { } inner ? $" ({inner.Message})" : "")}; check TRINITY_DATABASE.",
        FormatException or CryptographicException or InvalidDataException or IOException or UnauthorizedAccessException => exception.Message,
        _ => null,
    };
}
