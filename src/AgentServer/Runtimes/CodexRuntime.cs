using System.Text.Json;
using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Codex, one turn without a terminal.</summary>
internal sealed class CodexRuntime(IOptions<AgentServerOptions> options, ChildEnvironment environment) : IRuntimeAdapter
{
    private const string Provider = "trinity";

    public string Name => RuntimeNames.Codex;

    public string? Refusal(TaskRequest request) => request.AllowedTools is null ? null : "Codex has no list of allowed tools.";

    public RuntimeCommand Command(TaskRequest request, CredentialSnapshot credential)
    {
        var variables = environment.Create();
        var key = KeyOf(credential);
        if (key is not null)
        {
            variables[CredentialVariables.CodexApiKey] = key;
        }

        var isBeside = credential.VirtualKey is { } virtualKey && virtualKey.Reveal() != key;
        if (isBeside)
        {
            variables[CredentialVariables.CodexVirtualKey] = credential.VirtualKey!.Reveal();
        }

        var program = options.Value.Program is { Length: > 0 } configured ? configured : "codex";
        var prompt = request.SystemPrompt is { Length: > 0 } system ? $"{system}\n\n{request.Prompt}" : request.Prompt;
        return new RuntimeCommand(program, [.. options.Value.Arguments, .. Arguments(request), .. ProviderArguments(credential, isBeside)], prompt, environment.WorkingDirectory(), variables);
    }

    public ITranscript Transcript(CredentialSnapshot credential) => new CodexTranscript(credential);

    // A token of Claude's belongs to another vendor than the one that Codex speaks to.
    private static string? KeyOf(CredentialSnapshot credential) =>
        credential.Token?.Reveal() is { } token && !token.StartsWith("sk-ant-", StringComparison.Ordinal) ? token : (credential.ApiKey ?? credential.VirtualKey)?.Reveal();

    private static IEnumerable<string> Arguments(TaskRequest request)
    {
        IEnumerable<string> turn = request.SessionId is { Length: > 0 } session ? ["exec", "resume", session, "-"] : ["exec", "-"];
        IEnumerable<string> model = request.Model is { Length: > 0 } name ? ["--model", name] : [];
        return turn.Concat(["--json", "--skip-git-repo-check", "-c", "sandbox_mode=\"danger-full-access\"", "-c", "approval_policy=\"never\""]).Concat(model);
    }

    // Secrets are named by their variable: arguments can be read by everybody on the machine.
    private static IEnumerable<string> ProviderArguments(CredentialSnapshot credential, bool hasVirtualKeyBeside)
    {
        if (credential.BaseUrl is not { } address)
        {
            return [];
        }

        var v1 = address.TrimEnd('/');
        v1 = v1.EndsWith("/v1", StringComparison.Ordinal) ? v1 : v1 + "/v1";
        IEnumerable<string> settings =
        [
            $"model_provider=\"{Provider}\"",
            $"model_providers.{Provider}.name=\"Trinity\"",
            $"model_providers.{Provider}.base_url={JsonSerializer.Serialize(v1)}",
            $"model_providers.{Provider}.wire_api=\"responses\"",
            $"model_providers.{Provider}.env_key=\"{CredentialVariables.CodexApiKey}\"",
        ];
        return settings
            .Concat(hasVirtualKeyBeside ? [$"model_providers.{Provider}.env_http_headers={{\"{CredentialVariables.VirtualKeyHeader}\"=\"{CredentialVariables.CodexVirtualKey}\"}}"] : [])
            .SelectMany(setting => new[] { "-c", setting });
    }

    /// <summary>Reads the events of <c>codex exec --json</c>.</summary>
    private sealed class CodexTranscript(CredentialSnapshot credential) : ITranscript
    {
        private string? _thread;
        private string? _message;
        private string? _failure;
        private bool _isCompleted;

        public void Read(string line)
        {
            if (EventLine.Parse(line) is not { } happened)
            {
                return;
            }

            switch (EventLine.Text(happened, "type"))
            {
                case "thread.started":
                    _thread = EventLine.Text(happened, "thread_id");
                    break;
                case "item.completed" when happened.TryGetProperty("item", out var item) && EventLine.Text(item, "type") == "agent_message":
                    _message = EventLine.Text(item, "text");
                    break;
                case "turn.completed":
                    _isCompleted = true;
                    break;
                case "turn.failed" when happened.TryGetProperty("error", out var error):
                    _failure = EventLine.Text(error, "message");
                    break;
                case "error":
                    _failure ??= EventLine.Text(happened, "message"); // also while it tries again: only a turn that did not complete has failed
                    break;
            }
        }

        public TaskVerdict Conclude(int exitCode, string errors)
        {
            if (_isCompleted && exitCode == 0)
            {
                return new TaskVerdict(TaskOutcome.Completed, _thread, _message ?? "");
            }

            if (Refusals.IsSignal(exitCode) || (exitCode == 0 && _failure is null))
            {
                return new TaskVerdict(TaskOutcome.Error, _thread, _message, exitCode == 0 ? "Codex ended without completing the turn." : Refusals.Ending(exitCode, errors));
            }

            var said = _failure ?? Refusals.Ending(exitCode, errors);
            return new TaskVerdict(Refusals.Classify(said, status: null, credential), _thread, _message, said);
        }
    }
}
