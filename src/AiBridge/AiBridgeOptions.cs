using Microsoft.Extensions.Options;

namespace Trinity.AiBridge;

/// <summary>Boot-time settings of a bridge replica: section <c>AiBridge</c>, documented in docs/configuration.md.</summary>
internal sealed class AiBridgeOptions
{
    public const string Section = "AiBridge";

    /// <summary>Addresses to listen on, separated by <c>;</c>. The first is the replica's own; another may be that of a container engine's bridge, where agents reach it.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:8787";

    /// <summary>What others call this replica by; empty: host name and port.</summary>
    public string Address { get; set; } = "";

    public bool AllowPrivateUpstreams { get; set; }

    public long MaxRequestBodyBytes { get; set; } = 32 * 1024 * 1024;

    public TimeSpan FirstByteTimeout { get; set; } = TimeSpan.FromMinutes(10);

    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    public TimeSpan PingInterval { get; set; } = TimeSpan.FromSeconds(15);

    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan DrainDeadline { get; set; } = TimeSpan.FromMinutes(30);

    public TimeSpan ShutdownDeadline { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the replica says "not ready" before it stops accepting, so that load balancers notice.</summary>
    public TimeSpan ShutdownDelay { get; set; } = TimeSpan.Zero;

    public TimeSpan BridgeIdleExpiry { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How long the replica may know of a newer configuration without applying it before it turns unready.</summary>
    public TimeSpan UnreadyAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>See <see cref="Trinity.AiBridge.InlineSockets"/>. Null: where there is one processor.</summary>
    public bool? InlineSockets { get; set; }

    /// <summary>Whether the arguments of tool calls are recorded along with their names.</summary>
    public bool RecordToolInput { get; set; } = true;

    public bool UseInlineSockets() => InlineSockets ?? Environment.ProcessorCount == 1;

    public string[] ListenAddresses() => Listen.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Refuses to start on settings that cannot work, naming all of them.</summary>
internal sealed class AiBridgeOptionsValidator : IValidateOptions<AiBridgeOptions>
{
    public ValidateOptionsResult Validate(string? name, AiBridgeOptions options)
    {
        var errors = new List<string>();
        if (options.ListenAddresses() is not { Length: > 0 } addresses || !Array.TrueForAll(addresses, IsHttp))
        {
            errors.Add("AiBridge:Listen must be an http:// address such as http://127.0.0.1:8787, or several, separated by ';'.");
        }

        if (options.MaxRequestBodyBytes is < 1024 or > 1024L * 1024 * 1024)
        {
            errors.Add("AiBridge:MaxRequestBodyBytes must be between 1 KiB and 1 GiB.");
        }

        Positive(options.FirstByteTimeout, nameof(options.FirstByteTimeout), errors);
        Positive(options.IdleTimeout, nameof(options.IdleTimeout), errors);
        Positive(options.PingInterval, nameof(options.PingInterval), errors);
        Positive(options.HeartbeatInterval, nameof(options.HeartbeatInterval), errors);
        if (options.ShutdownDelay < TimeSpan.Zero || options.ShutdownDelay > TimeSpan.FromDays(1))
        {
            errors.Add("AiBridge:ShutdownDelay must be between zero and a day.");
        }

        Positive(options.DrainDeadline, nameof(options.DrainDeadline), errors);
        Positive(options.ShutdownDeadline, nameof(options.ShutdownDeadline), errors);
        Positive(options.BridgeIdleExpiry, nameof(options.BridgeIdleExpiry), errors);
        Positive(options.UnreadyAfter, nameof(options.UnreadyAfter), errors);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsHttp(string address) => Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp;

    private static void Positive(TimeSpan value, string name, List<string> errors)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
        {
            errors.Add($"AiBridge:{name} must be longer than zero and at most a day.");
        }
    }
}
