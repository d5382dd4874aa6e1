using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane;

/// <summary>Settings of the control plane: section <c>ControlPlane</c>.</summary>
internal sealed class ControlPlaneOptions
{
    public const string Section = "ControlPlane";

    /// <summary>Addresses to listen on, separated by <c>;</c>.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:8080";

    /// <summary>Whether a provider's base URL may lead to loopback and private addresses.</summary>
    public bool AllowPrivateUpstreams { get; set; }

    /// <summary>Where subscriptions' tokens are tested: the vendor's API, without <c>/v1</c>.</summary>
    public string SubscriptionProvider { get; set; } = "https://api.anthropic.com";

    /// <summary>Providers to create on start where their names were never used; empty: none.</summary>
    public string SeedFile { get; set; } = "";

    /// <summary>The container engine, as <c>unix:///path</c> or <c>tcp://host:port</c>; empty: <c>DOCKER_HOST</c>, else <see cref="EngineAddress.Default"/>.</summary>
    public string Engine { get; set; } = "";

    /// <summary>Images that agents may be made of: patterns with <c>*</c> and <c>?</c>, separated by <c>;</c>.</summary>
    public string AgentImages { get; set; } = "trinity-agent:*";

    /// <summary>The image of an agent that names none.</summary>
    public string AgentImage { get; set; } = "trinity-agent:latest";

    /// <summary>The network that agents are in and are reached by; empty: the engine's default one, and their port is published on 127.0.0.1.</summary>
    public string AgentNetwork { get; set; } = "";

    /// <summary>Where agents reach the bridge; <c>host.docker.internal</c> is the machine that their container runs on.</summary>
    public string BridgeUrl { get; set; } = "http://host.docker.internal:8787";
}

/// <summary>The rules for <see cref="ControlPlaneOptions"/>, checked before anything starts.</summary>
internal sealed class ControlPlaneOptionsValidator : IValidateOptions<ControlPlaneOptions>
{
    public ValidateOptionsResult Validate(string? name, ControlPlaneOptions options)
    {
        var errors = new List<string>();
        var addresses = options.Listen.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (addresses.Length == 0)
        {
            errors.Add("ControlPlane:Listen names no address; write http://127.0.0.1:8080.");
        }

        foreach (var address in addresses)
        {
            // A wild card host is fine for the server and no URI host.
            var probe = address.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
            if (!Uri.TryCreate(probe, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.PathAndQuery != "/")
            {
                errors.Add($"ControlPlane:Listen has '{address}', which is no http:// or https:// address with host and port.");
            }
        }

        if (!Uri.TryCreate(options.SubscriptionProvider, UriKind.Absolute, out var provider) || (provider.Scheme != Uri.UriSchemeHttp && provider.Scheme != Uri.UriSchemeHttps))
        {
            errors.Add($"ControlPlane:SubscriptionProvider is '{options.SubscriptionProvider}', which is no http:// or https:// address.");
        }

        if (!Uri.TryCreate(options.BridgeUrl, UriKind.Absolute, out var bridge) || (bridge.Scheme != Uri.UriSchemeHttp && bridge.Scheme != Uri.UriSchemeHttps) || bridge.Query.Length > 0)
        {
            errors.Add($"ControlPlane:BridgeUrl is '{options.BridgeUrl}', which is no http:// or https:// address.");
        }

        if (options.SeedFile.Length > 0 && !File.Exists(options.SeedFile))
        {
            errors.Add($"ControlPlane:SeedFile '{options.SeedFile}' does not exist.");
        }

        if (options.Engine.Length > 0 && !EngineAddress.TryParse(options.Engine, out _))
        {
            errors.Add($"ControlPlane:Engine is '{options.Engine}', which is no address of a container engine; write unix:///path or tcp://host:port.");
        }

        if (Containers.AgentImages.Patterns(options.AgentImages).Length == 0)
        {
            errors.Add("ControlPlane:AgentImages names no image; write trinity-agent:*.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
