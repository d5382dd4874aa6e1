using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.Seeding;

/// <summary>The file of providers to begin with: <c>{"providers": [{name, type, …, api_keys: ["${VARIABLE}"]}]}</c>.</summary>
internal sealed partial class SeedFile
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private readonly string _path;
    private readonly JsonArray _providers;

    private SeedFile(string path, JsonArray providers) => (_path, _providers) = (path, providers);

    /// <summary>The entries' names, in order.</summary>
    public required IReadOnlyList<string> Names { get; init; }

    /// <exception cref="StartupException">The file cannot be read or has another shape; the message says where.</exception>
    public static SeedFile Read(string path)
    {
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(File.ReadAllText(path), documentOptions: Lenient);
        }
        catch (JsonException exception)
        {
            throw new StartupException($"Seed file {path} is not valid JSON at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"Seed file {path} cannot be read: {exception.Message}");
        }

        if (root is not JsonObject members || members["providers"] is not JsonArray providers)
        {
            throw new StartupException($"Seed file {path} must be an object with a list 'providers'.");
        }

        foreach (var unknown in members.Where(member => member.Key != "providers"))
        {
            throw new StartupException($"Seed file {path}: unknown member '{unknown.Key}'; only 'providers' is known.");
        }

        return new SeedFile(path, providers) { Names = [.. providers.Select((provider, index) => NameOf(path, provider, index))] };
    }

    /// <summary>One entry with its <c>${VARIABLE}</c> references replaced.</summary>
    /// <exception cref="StartupException">A variable is not set.</exception>
    public CreateProviderRequest Resolve(int index, Func<string, string?> environment)
    {
        var missing = new List<string>();
        var entry = Expand(_providers[index]!, $"providers[{index}]", environment, missing);
        return missing.Count == 0
            ? CreateProviderRequest.Read(new JsonFields(JsonSerializer.SerializeToElement(entry, SeedJson.Default.JsonNode), "", []))
            : throw new StartupException($"Seed file {_path}: {string.Join("; ", missing)}.");
    }

    /// <summary>What the rules say of an entry, as one line that names the file and the place.</summary>
    public StartupException Invalid(int index, Problem problem)
    {
        var errors = problem.Errors is { Count: > 0 } several
            ? several.Select(error => $"providers[{index}].{error.Field}: {error.Message}")
            : [$"providers[{index}]: {problem.Detail}"];
        return new StartupException($"Seed file {_path}: {string.Join(" ", errors)}");
    }

    private static string NameOf(string path, JsonNode? provider, int index) =>
        provider is JsonObject members && members["name"] is JsonValue value && value.TryGetValue<string>(out var name)
            ? name
            : throw new StartupException($"Seed file {path}: providers[{index}] must be an object with a name.");

    private static JsonNode? Expand(JsonNode? node, string path, Func<string, string?> environment, List<string> missing) => node switch
    {
        JsonObject members => new JsonObject([.. members.Select(member => KeyValuePair.Create(member.Key, Expand(member.Value, $"{path}.{member.Key}", environment, missing)))]),
        JsonArray items => new JsonArray([.. items.Select((item, index) => Expand(item, $"{path}[{index}]", environment, missing))]),
        JsonValue value when value.TryGetValue<string>(out var text) => Reference().Replace(text, match =>
        {
            var variable = match.Groups["name"].Value;
            if (environment(variable) is { Length: > 0 } found)
            {
                return found;
            }

            missing.Add($"{path} names the environment variable {variable}, which is not set");
            return "";
        }),
        _ => node?.DeepClone(),
    };

    [GeneratedRegex(@"\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonNode))]
internal sealed partial class SeedJson : System.Text.Json.Serialization.JsonSerializerContext;
