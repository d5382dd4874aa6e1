namespace Trinity.Shared.Tests.Architecture;

/// <summary>The dependency arrows of the architecture, as those that are forbidden.</summary>
internal static class ArrowRules
{
    private const string Shared = "Trinity.Shared";
    private const string Bridge = "Trinity.AiBridge";
    private const string ControlPlane = "Trinity.ControlPlane";
    private const string AgentServer = "Trinity.AgentServer";

    /// <summary>Names that mean Postgres.</summary>
    private static readonly string[] Postgres = ["Npgsql", "Dapper", "NpgsqlDataSource", "NpgsqlConnection", "NpgsqlCommand"];

    /// <summary>Names that mean HTTP; the web SDK imports their namespace everywhere, so the types are named too.</summary>
    private static readonly string[] Http =
        ["Microsoft.AspNetCore.Http", "HttpContext", "HttpRequest", "HttpResponse", "IHeaderDictionary", "HeaderDictionary", "StatusCodes", "IResult", "Results", "TypedResults"];

    public static IReadOnlyList<Arrow> Forbidden { get; } =
    [
        new([Shared], [Bridge, ControlPlane, AgentServer], "Shared references no service."),
        new([Bridge], [ControlPlane, AgentServer], "Services meet in Postgres or over HTTP, not in code."),
        new([ControlPlane], [Bridge, AgentServer], "Services meet in Postgres or over HTTP, not in code."),
        new([AgentServer], [Bridge, ControlPlane], "Services meet in Postgres or over HTTP, not in code."),
        new([Bridge], [$"{Bridge}.Proxy"], "Proxy is on top: only the composition root knows it.", [Bridge, $"{Bridge}.Proxy", $"{Bridge}.Hosting"]),
        new([Bridge], [$"{Bridge}.Reload"], "Reload is on top: only the composition root knows it, Bridges least of all.", [Bridge, $"{Bridge}.Reload", $"{Bridge}.Hosting"]),
        new([$"{Bridge}.Configuration"], [.. Postgres, $"{Bridge}.Providers"], "Configuration knows neither Postgres nor vendors."),
        new([$"{Bridge}.Usage"], [$"{Bridge}.Providers"], "Usage does not know vendors."),
        new([$"{Bridge}.Recording"], Http, "Recording does not know HTTP."),
        new([ControlPlane], ["Docker", "DockerClient"], "Only Containers speaks to the container engine.", [$"{ControlPlane}.Containers"]),
        new([Shared, Bridge, AgentServer], ["Docker", "DockerClient", "Trinity.ControlPlane.Containers"], "Only Containers speaks to the container engine."),
    ];
}
