using System.Buffers;
using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tasks;

/// <summary>Says all that is wrong with a task's request, by member.</summary>
internal static class TaskRequestValidator
{
    private const int LongestName = 128;
    private const int LongestTimeout = 24 * 60 * 60;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-/@[]");

    public static Dictionary<string, string[]> Problems(TaskRequest request, IRuntimeAdapter runtime)
    {
        var problems = new Dictionary<string, string[]>(StringComparer.Ordinal);
        Check(request.Prompt is { Length: > 0 }, "prompt", "The prompt is empty.");
        Check(IsName(request.TaskId), "task_id", NameRule("An id"));
        Check(IsName(request.SessionId), "session_id", NameRule("A session"));
        Check(IsName(request.Model), "model", NameRule("A model"));
        Check(request.SystemPrompt?.Contains('\0', StringComparison.Ordinal) != true, "system_prompt", "A null character cannot be passed on.");
        Check(request.AllowedTools?.Any(tool => string.IsNullOrEmpty(tool) || tool.Contains('\0', StringComparison.Ordinal)) != true, "allowed_tools", "Each tool has a name.");
        Check(request.TimeoutSeconds is null or (>= 1 and <= LongestTimeout), "timeout_seconds", $"It must be between 1 and {LongestTimeout}.");
        if (runtime.Refusal(request) is { } refusal)
        {
            problems["allowed_tools"] = [refusal];
        }

        return problems;

        void Check(bool isFine, string member, string problem)
        {
            if (!isFine)
            {
                problems[member] = [problem];
            }
        }
    }

    // Names become arguments of a program, where a leading dash would make them options.
    private static bool IsName(string? name) =>
        name is null || (name.Length is > 0 and <= LongestName && char.IsAsciiLetterOrDigit(name[0]) && !name.AsSpan().ContainsAnyExcept(NameCharacters));

    private static string NameRule(string what) => $"{what} is 1 to {LongestName} letters, digits and . _ : - / @ [ ], and begins with a letter or digit.";
}
