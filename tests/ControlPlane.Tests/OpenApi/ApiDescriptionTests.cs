using System.Text.Json.Nodes;
using Trinity.ControlPlane.OpenApi;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.OpenApi;

public sealed class ApiDescriptionTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Document_DescribesEveryOperation()
    {
        var host = shared.Host;

        var document = (await host.Anonymous.GetAsync("/openapi/v1.json")).Is(200).Json;

        Assert.Equal("bearer", document["components"]!["securitySchemes"]!["operator_token"]!["scheme"]!.GetValue<string>());
        Assert.NotNull(document["security"]![0]!["operator_token"]);
        var operations = Operations(document).ToList();
        Assert.Equal(57, operations.Count);
        Assert.All(operations, operation =>
        {
            Assert.False(string.IsNullOrEmpty(operation.Node["summary"]?.GetValue<string>()), operation.Name);
            Assert.NotEmpty(operation.Node["tags"]!.AsArray());
            Assert.NotNull(operation.Node["responses"]!["401"]);
        });
    }

    [Fact]
    public async Task Document_HasExamplesOfTheMainOperations()
    {
        var host = shared.Host;
        var operations = Operations((await host.Anonymous.GetAsync("/openapi/v1.json")).Json).ToList();

        foreach (var id in Examples.Operations)
        {
            var operation = operations.Single(operation => operation.Node["operationId"]?.GetValue<string>() == id);
            Assert.Contains("\"example\"", operation.Node.ToJsonString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Document_ShowsOptionalMembersAsTheirOwnType_AndWriteParameters()
    {
        var host = shared.Host;

        var document = (await host.Anonymous.GetAsync("/openapi/v1.json")).Json;

        var members = document["components"]!["schemas"]!["UpdateProviderRequest"]!["properties"]!.AsObject();
        Assert.Equal(["api_keys", "base_url", "display_name", "enabled", "settings"], members.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Contains("string", members["display_name"]!["type"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("array", members["api_keys"]!["type"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("is_present", document.ToJsonString(), StringComparison.Ordinal);
        var patch = document["paths"]!["/api/v1/providers/{idOrName}"]!["patch"]!;
        Assert.Equal(["If-Match", "idOrName", "timeout", "wait"], patch["parameters"]!.AsArray().Select(parameter => parameter!["name"]!.GetValue<string>()).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<(string Name, JsonNode Node)> Operations(JsonNode document) =>
        from path in document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select ($"{operation.Key} {path.Key}", operation.Value!);
}
