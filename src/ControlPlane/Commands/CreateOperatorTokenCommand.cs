using Trinity.ControlPlane.OperatorTokens;

namespace Trinity.ControlPlane.Commands;

/// <summary><c>operator-token create</c>: makes a token where the API cannot be asked, for instance after the last one was lost.</summary>
internal static class CreateOperatorTokenCommand
{
    /// <summary>False when the arguments are wrong.</summary>
    public static async Task<bool> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var (name, role, settings) = (Take(args, "--name"), Take(args, "--role"), Without(args, "--name", "--role"));
        await using var app = ControlPlaneApp.CreateForCommand(settings);
        var tokens = app.Services.GetRequiredService<OperatorTokenService>();
        if ((await tokens.CreateAsync(name, role, [], "command-line", cancellationToken)).Failed(out var problem, out var written))
        {
            await error.WriteLineAsync($"operator-token create --name NAME --role admin|viewer: {string.Join(" ", problem.Errors?.Select(item => item.Message) ?? [problem.Detail])}");
            return false;
        }

        await output.WriteLineAsync(written.Value.Token);
        return true;
    }

    private static string? Take(string[] args, string option)
    {
        var index = Array.FindIndex(args, arg => arg == option || arg.StartsWith(option + "=", StringComparison.Ordinal));
        return index < 0 ? null
            : args[index].Length > option.Length ? args[index][(option.Length + 1)..]
            : index + 1 < args.Length ? args[index + 1] : null;
    }

    private static string[] Without(string[] args, params string[] options)
    {
        var rest = new List<string>();
        for (var index = 0; index < args.Length; index++)
        {
            if (options.Contains(args[index], StringComparer.Ordinal))
            {
                index++; // its value
            }
            else if (!options.Any(option => args[index].StartsWith(option + "=", StringComparison.Ordinal)))
            {
                rest.Add(args[index]);
            }
        }

        return [.. rest];
    }
}
