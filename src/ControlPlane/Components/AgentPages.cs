using System.Globalization;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Components.Pages;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Components;

/// <summary><c>/console/agents</c>: the agents, and the switcher in an agent's header.</summary>
internal static class AgentPages
{
    public const string SubscriptionField = "subscription";
    public const string VersionField = "version";

    /// <summary>Choices of the switcher that are no subscription; no subscription's name begins so.</summary>
    public const string WithProviderKeys = ":api_key";
    public const string WithNothing = ":none";

    private const string DeliveryQuery = "delivery";
    private const long NoVersion = -1;

    public static void MapAgentPages(this RouteGroupBuilder console)
    {
        var pages = console.MapGroup("/agents");
        pages.MapGet("", ListAsync);
        pages.MapGet("/{name}", GetAsync);
        pages.MapPost("/{name}/subscription", SwitchAsync);
    }

    private static async Task<IResult> ListAsync(AgentModels models, CancellationToken cancellationToken) =>
        new PageResult<AgentsPage, AgentsModel>(await models.ListAsync(cancellationToken));

    private static Task<IResult> GetAsync(string name, HttpContext http, AgentModels models, CancellationToken cancellationToken) =>
        ShowAsync(name, models, FormState.Empty, Deliveries.Describe(http.Request.Query[DeliveryQuery]), StatusCodes.Status200OK, cancellationToken);

    private static async Task<IResult> SwitchAsync(string name, HttpContext http, AgentService agents, AgentModels models, CancellationToken cancellationToken)
    {
        var form = await ConsoleForm.ReadAsync(http.Request, cancellationToken);
        if (AgentEndpoints.Target(name).Failed(out var problem, out var target))
        {
            return ConsoleProblem.PageOf(problem);
        }

        if ((await ChangeAsync(agents, target, VersionOf(form), form[SubscriptionField], http.User.OperatorName(), cancellationToken)).Failed(out problem, out var change))
        {
            return await ShowAsync(name, models, form.Failed(problem, SubscriptionField), notice: null, problem.Status, cancellationToken);
        }

        return SeeOther.To(http, $"{ConsolePaths.Agent(change.Agent.Name)}?{DeliveryQuery}={change.RestartResult}");
    }

    /// <summary>The version that the page showed: who decided on another one is not obeyed.</summary>
    public static VersionCondition VersionOf(ConsoleForm form) =>
        new(VersionCondition.TagOf(long.TryParse(form[VersionField], NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : NoVersion));

    private static Task<Outcome<AgentChangeView>> ChangeAsync(
        AgentService agents, IdOrName target, VersionCondition condition, string choice, string actor, CancellationToken cancellationToken) => choice switch
    {
        WithProviderKeys => agents.ClearAsync(target, condition, AgentAuth.ApiKey, actor, cancellationToken),
        WithNothing => agents.ClearAsync(target, condition, AgentAuth.None, actor, cancellationToken),
        _ => agents.AssignAsync(target, condition, RequestOf(choice), actor, cancellationToken),
    };

    public static AssignSubscriptionRequest RequestOf(string subscription) => new()
    {
        Subscription = subscription,
        Errors = VirtualKeyRules.IsName(subscription) ? [] : [new ConfigError(SubscriptionField, "Choose a subscription.")],
    };

    private static async Task<IResult> ShowAsync(string name, AgentModels models, FormState switcher, string? notice, int status, CancellationToken cancellationToken) =>
        AgentEndpoints.Target(name).Failed(out var problem, out var target) || (await models.GetAsync(target, switcher, notice, cancellationToken)).Failed(out problem, out var model)
            ? ConsoleProblem.PageOf(problem)
            : new PageResult<AgentPage, AgentModel>(model, status);
}
