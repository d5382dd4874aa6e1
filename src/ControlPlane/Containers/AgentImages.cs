using System.IO.Enumeration;
using Microsoft.Extensions.Options;

namespace Trinity.ControlPlane.Containers;

/// <summary>The images that agents may be made of: whoever can name an image of his own can run any program beside the agents' credentials.</summary>
internal sealed class AgentImages(IOptions<ControlPlaneOptions> options)
{
    private readonly string[] _patterns = Patterns(options.Value.AgentImages);

    public static string[] Patterns(string setting) => setting.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <returns>Why <paramref name="image"/> may not be used, or null when it may.</returns>
    public string? WhyRefused(string image)
    {
        if (!EnginePath.IsImage(image))
        {
            return $"'{image}' is no image reference; write name:tag.";
        }

        var reference = WithTag(image);
        return Array.Exists(_patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, reference, ignoreCase: false))
            ? null
            : $"Image '{image}' is not allowed for agents; allowed are {string.Join(", ", _patterns)} (setting ControlPlane:AgentImages).";
    }

    // What the engine takes a bare name for. A colon before the last slash is a registry's port.
    private static string WithTag(string image) => image[(image.LastIndexOf('/') + 1)..].AsSpan().IndexOfAny(':', '@') < 0 ? image + ":latest" : image;
}
