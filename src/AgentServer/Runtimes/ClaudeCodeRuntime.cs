using System.Text.Json;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Claude Code, one turn without a terminal.</summary>
internal sealed class ClaudeCodeRuntime(IOptions<AgentServerOptions> options, ChildEnvironment environment) : IRuntimeAdapter
{
    public string Name => RuntimeNames.ClaudeCode;

    public string? Refusal(TaskRequest request) => null;

    public RuntimeCommand Command(TaskRequest request, CredentialSnapshot credential)
    {
        var variables = environment.Create();
        CredentialVariables.AddForClaude(variables, credential);
        var program = options.Value.Program is { Length: > 0 } configured ? configured : "claude";
        return new RuntimeCommand(program, [.. options.Value.Arguments, .. Arguments(request)], request.Prompt, environment.WorkingDirectory(), variables);
    }

    public ITranscript Transcript(CredentialSnapshot credential) => new ClaudeTranscript(credential);

    // --name=value: a value that begins with a dash is no option.
    private static IEnumerable<string> Arguments(TaskRequest request)
    {
        IEnumerable<string> arguments = ["--print", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"];
        return arguments
            .Concat(Option("--resume", request.SessionId))
            .Concat(Option("--model", request.Model))
            .Concat(Option("--allowedTools", request.AllowedTools is { Count: > 0 } tools ? string.Join(',', tools) : null))
            .Concat(Option("--append-system-prompt", request.SystemPrompt));
    }

    private static IEnumerable<string> Option(string name, string? value) => value is { Length: > 0 } ? [$"{name}={value}"] : [];

    /// <summary>Reads the events of <c>--output-format stream-json</c>, of which the last, <c>result</c>, says how it went.</summary>
    private sealed class ClaudeTranscript(CredentialSnapshot credential) : ITranscript
    {
        private string? _sessionId;
        private string? _result;
        private bool? _isError;
        private int? _status;

        public void Read(string line)
        {
            if (EventLine.Parse(line) is not { } happened)
            {
                return;
            }

            _sessionId = EventLine.Text(happened, "session_id") ?? _sessionId;
            if (EventLine.Text(happened, "type") == "result")
            {
                _isError = happened.TryGetProperty("is_error", out var isError) && isError.ValueKind == JsonValueKind.True;
                _result = EventLine.Text(happened, "result") ?? EventLine.Text(happened, "subtype");
                _status = happened.TryGetProperty("api_error_status", out var status) && status.ValueKind == JsonValueKind.Number ? status.GetInt32() : null;
            }
        }

        public TaskVerdict Conclude(int exitCode, string errors)
        {
            if (_isError is false && exitCode == 0)
            {
                return new TaskVerdict(TaskOutcome.Completed, _sessionId, _result ?? "");
            }

            var said = _isError is true && _result is { } result ? result : Refusals.Ending(exitCode, errors);
            var outcome = Refusals.IsSignal(exitCode) || (_isError is null && exitCode == 0) ? TaskOutcome.Error : Refusals.Classify(said, _status, credential);
            return new TaskVerdict(outcome, _sessionId, _isError is false ? _result : null, exitCode == 0 && _isError is null ? "Claude Code ended without a result." : said);
        }
    }
}
