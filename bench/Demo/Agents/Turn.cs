using System.Globalization;
using System.Text.Json;
using Trinity.TestSupport.Dialects;
using Trinity.TestSupport.Providers;

namespace Trinity.Bench.Demo.Agents;

/// <summary>One turn of Claude Code: two requests to the provider, the first of which is held open until the demo lets it go on.</summary>
internal sealed class Turn(int number, string agent, DemoToken token)
{
    public const int Requests = 2;

    private const string Mark = "This is turn-";
    private const int HeldAfter = 3; // pieces of the stream
    private const string Words = "I look into it, slowly, so that there is time to rotate what this very turn was begun with.";
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);

    private readonly FakeGate _gate = new();

    public int Number => number;

    public string Agent => agent;

    /// <summary>What it was begun with, and must end with.</summary>
    public DemoToken Token => token;

    public string Prompt => $"{Mark}{number}.";

    public string Answer => $"Done with turn-{number}.";

    /// <summary>The number of the turn whose prompt is in a request; null when there is none.</summary>
    public static int? NumberIn(string text)
    {
        var begin = text.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        var length = begin < Mark.Length ? -1 : text.AsSpan(begin).IndexOf('.');
        return length > 0 && int.TryParse(text.AsSpan(begin, length), NumberStyles.None, CultureInfo.InvariantCulture, out var found) ? found : null;
    }

    /// <summary>Returns once the provider streams to it, and holds the stream open.</summary>
    public Task WhenStreamingAsync(CancellationToken cancellationToken) => _gate.WhenWrittenAsync(HeldAfter, cancellationToken);

    public void LetGo() => _gate.Open();

    /// <summary>The provider's reply to a request of this turn: first text and a call of a tool, then, to the tool's result, the end.</summary>
    public FakeReply ReplyTo(FakeRequest request)
    {
        if (request.BodyText.Contains("tool_result", StringComparison.Ordinal))
        {
            return AnthropicMessage.Saying(Answer).For(request);
        }

        _gate.Release(HeldAfter);
        var input = JsonSerializer.Serialize(new { command = $"echo turn-{number}", description = "Say the turn's number" });
        return new AnthropicMessage().Text(Words).ToolUse($"toolu_{number}", "Bash", input).Streaming().GatedBy(_gate).PacedBy(Pace);
    }
}
