using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Components.Session;

namespace Trinity.ControlPlane.Components;

/// <summary><c>/console</c>: pages for people. They do what the API does, through the same services, and have no place in its description.</summary>
internal static class ConsoleEndpoints
{
    private const string StylesheetResource = "console.css";

    public static IServiceCollection AddConsole(this IServiceCollection services) =>
        services.AddSingleton<SubscriptionModels>().AddSingleton<AgentModels>();

    public static void MapConsole(this IEndpointRouteBuilder app)
    {
        app.MapGet(ConsolePaths.Stylesheet, Stylesheet).AllowAnonymous().ExcludeFromDescription();
        app.MapSession();
        var console = app.MapGroup(ConsolePaths.Root).RequireAuthorization(OperatorPolicies.Operator).ExcludeFromDescription();
        console.MapGet("", () => Results.Redirect(ConsolePaths.Subscriptions));
        console.MapSubscriptionPages();
        console.MapAgentPages();
    }

    // Part of the program: there is no folder that a deployment could leave behind.
    private static IResult Stylesheet() => Results.Stream(typeof(ConsoleEndpoints).Assembly.GetManifestResourceStream(StylesheetResource)!, "text/css; charset=utf-8");
}
