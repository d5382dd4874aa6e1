using System.Text;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Providers;

/// <summary>Tool calls of one reply, pieced together from fragments; bounded in number and size.</summary>
internal sealed class ToolCalls
{
    private const int MaxCalls = 128;
    private const int MaxNameLength = 256;

    private List<Call>? _calls; // most replies call none

    public IReadOnlyList<ToolUsage> ToList() => _calls is null
        ? []
        : [.. _calls.Where(call => call.Tool is not null).Select(call => new ToolUsage(call.CallId, call.Tool!, call.Input.Length == 0 ? null : call.Input.ToString()))];

    /// <summary>A call, or more about the call already seen at <paramref name="index"/>.</summary>
    public void Add(long index, string? callId, string? tool, string? inputFragment)
    {
        _calls ??= [];
        var call = _calls.Find(known => known.Index == index);
        if (call is null)
        {
            if (_calls.Count == MaxCalls)
            {
                return;
            }

            call = new Call(index);
            _calls.Add(call);
        }

        call.CallId ??= Cut(callId);
        call.Tool ??= Cut(tool);
        if (inputFragment is not null && call.Input.Length < ToolUsage.MaxInputLength)
        {
            call.Input.Append(inputFragment.AsSpan(0, Math.Min(inputFragment.Length, ToolUsage.MaxInputLength - call.Input.Length)));
        }
    }

    private static string? Cut(string? name) => name?.Length > MaxNameLength ? name[..MaxNameLength] : name;

    private sealed class Call(long index)
    {
        public long Index => index;
        public string? CallId { get; set; }
        public string? Tool { get; set; }
        public StringBuilder Input { get; } = new();
    }
}
