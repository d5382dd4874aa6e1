using System.Text;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Any program: it reads the prompt from its input and answers on its output. Exit code 75 says that the provider refused for now, 77 that it refuses the credential.</summary>
internal sealed class CommandRuntime(IOptions<AgentServerOptions> options, ChildEnvironment environment) : IRuntimeAdapter
{
    private const int TemporaryFailure = 75; // as in sysexits.h
    private const int NoPermission = 77;

    public string Name => RuntimeNames.Command;

    public string? Refusal(TaskRequest request) => null;

    public RuntimeCommand Command(TaskRequest request, CredentialSnapshot credential)
    {
        var variables = environment.Create();
        CredentialVariables.AddForClaude(variables, credential);
        Add(variables, "TRINITY_SESSION_ID", request.SessionId);
        Add(variables, "TRINITY_MODEL", request.Model);
        Add(variables, "TRINITY_SYSTEM_PROMPT", request.SystemPrompt);
        Add(variables, "TRINITY_ALLOWED_TOOLS", request.AllowedTools is { } tools ? string.Join(',', tools) : null);
        return new RuntimeCommand(options.Value.Program, options.Value.Arguments, request.Prompt, environment.WorkingDirectory(), variables);
    }

    public ITranscript Transcript(CredentialSnapshot credential) => new CommandTranscript();

    private static void Add(Dictionary<string, string> variables, string name, string? value)
    {
        if (value is not null)
        {
            variables[name] = value;
        }
    }

    private sealed class CommandTranscript : ITranscript
    {
        private const int LongestResponse = 256 * 1024;

        private readonly StringBuilder _output = new();

        public void Read(string line)
        {
            if (_output.Length + line.Length < LongestResponse)
            {
                _output.Append(_output.Length > 0 ? "\n" : "").Append(line);
            }
        }

        public TaskVerdict Conclude(int exitCode, string errors) => exitCode switch
        {
            0 => new TaskVerdict(TaskOutcome.Completed, Response: _output.ToString()),
            TemporaryFailure => new TaskVerdict(TaskOutcome.RateLimited, Response: _output.ToString(), Error: Refusals.Ending(exitCode, errors)),
            NoPermission => new TaskVerdict(TaskOutcome.AuthFailed, Response: _output.ToString(), Error: Refusals.Ending(exitCode, errors)),
            _ => new TaskVerdict(TaskOutcome.Error, Response: _output.ToString(), Error: Refusals.Ending(exitCode, errors)),
        };
    }
}
