using System.Text;
using System.Text.Json;

namespace Trinity.Contract.Tests.WireMock;

/// <summary>A file of Stubs/, read as the contract that it is: the calls that a provider is to get, and what it answers to each.</summary>
internal sealed class StubFile
{
    private StubFile(string json, IReadOnlyList<Stub> stubs)
    {
        Json = json;
        Stubs = stubs;
    }

    /// <summary>Where the files are; those in __files hold the longer bodies, byte for byte.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Stubs");

    /// <summary>As WireMock takes it.</summary>
    public string Json { get; }

    public IReadOnlyList<Stub> Stubs { get; }

    public Stub this[string name] => Stubs.Single(stub => stub.Name == name);

    public static StubFile Read(string name)
    {
        var json = File.ReadAllText(Path.Combine(Folder, name + ".json"));
        using var document = JsonDocument.Parse(json);
        return new StubFile(json, [.. document.RootElement.GetProperty("mappings").EnumerateArray().Select(ReadStub)]);
    }

    private static Stub ReadStub(JsonElement mapping)
    {
        var request = mapping.GetProperty("request");
        var response = mapping.GetProperty("response");
        return new Stub
        {
            Name = mapping.GetProperty("name").GetString()!,
            Method = new HttpMethod(request.GetProperty("method").GetString()!),
            RequestBody = request.TryGetProperty("bodyPatterns", out var patterns) ? ReadPattern(patterns.EnumerateArray().Single().EnumerateObject().Single()) : [],
            Status = response.TryGetProperty("status", out var status) ? status.GetInt32() : 0,
            Headers = response.TryGetProperty("headers", out var headers) ? [.. headers.EnumerateObject().SelectMany(ReadHeader)] : [],
            Body = ReadBody(response),
        };
    }

    private static byte[] ReadPattern(JsonProperty pattern) => pattern.Name switch
    {
        "equalTo" => Encoding.UTF8.GetBytes(pattern.Value.GetString()!),
        "equalToJson" => Encoding.UTF8.GetBytes(pattern.Value.GetRawText()),
        "binaryEqualTo" => pattern.Value.GetBytesFromBase64(),
        _ => throw new InvalidOperationException($"{pattern.Name} is not strict enough for a contract."),
    };

    private static IEnumerable<KeyValuePair<string, string>> ReadHeader(JsonProperty header) => header.Value.ValueKind == JsonValueKind.Array
        ? header.Value.EnumerateArray().Select(value => KeyValuePair.Create(header.Name, value.GetString()!))
        : [KeyValuePair.Create(header.Name, header.Value.GetString()!)];

    private static byte[] ReadBody(JsonElement response)
    {
        if (response.TryGetProperty("bodyFileName", out var file))
        {
            return File.ReadAllBytes(Path.Combine(Folder, "__files", file.GetString()!));
        }

        return response.TryGetProperty("body", out var body) ? Encoding.UTF8.GetBytes(body.GetString()!) : [];
    }
}
