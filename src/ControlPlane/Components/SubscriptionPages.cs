using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Components.Pages;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Components;

/// <summary><c>/console/settings/subscriptions</c>: the table, and what can be done to its rows.</summary>
internal static class SubscriptionPages
{
    public const string NameField = "name";
    public const string TokenField = "token";
    public const string TypeField = "type";
    public const string TierField = "tier";
    public const string AgentField = "agent";

    public static void MapSubscriptionPages(this RouteGroupBuilder console)
    {
        var pages = console.MapGroup("/settings/subscriptions");
        pages.MapGet("", ListAsync);
        pages.MapPost("", RegisterAsync);
        pages.MapPost("/{name}/token", RollOverAsync);
        pages.MapPost("/{name}/agents", AssignAsync);
        pages.MapPost("/{name}/agents/{agent}/remove", UnassignAsync);
        pages.MapGet("/{name}/delete", ConfirmAsync);
        pages.MapPost("/{name}/delete", DeleteAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext http, SubscriptionModels models, CancellationToken cancellationToken) =>
        new PageResult<SubscriptionsPage, SubscriptionsModel>(
            await models.ListAsync(SubscriptionNotice.OpenOf(http.Request.Query), FormState.Empty, FormState.Empty, SubscriptionNotice.Of(http.Request.Query), cancellationToken));

    private static async Task<IResult> RegisterAsync(HttpContext http, SubscriptionService subscriptions, SubscriptionModels models, CancellationToken cancellationToken)
    {
        var form = await ConsoleForm.ReadAsync(http.Request, cancellationToken);
        string[] fields = [NameField, TokenField, TypeField, TierField];
        var request = PutSubscriptionRequest.Read(ConsoleForm.ToJson(fields.Select(field => (field, form[field]))));
        return (await subscriptions.PutAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var put)
            ? await ShowAsync(models, open: null, register: form.Failed(problem, NameField, TypeField, TierField), row: FormState.Empty, problem.Status, cancellationToken)
            : SeeOther.To(http, SubscriptionNotice.PathOf(put.Written, put.Created));
    }

    private static Task<IResult> RollOverAsync(string name, HttpContext http, SubscriptionService subscriptions, SubscriptionModels models, CancellationToken cancellationToken) =>
        ActAsync(http, name, subscriptions, models, async (form, subscription) =>
        {
            var request = PutSubscriptionRequest.Read(ConsoleForm.ToJson((NameField, subscription.Name), (TokenField, form[TokenField])));
            return (await subscriptions.PutAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var put)
                ? problem
                : SubscriptionNotice.PathOf(put.Written, put.Created);
        }, cancellationToken);

    private static Task<IResult> AssignAsync(string name, HttpContext http, SubscriptionService subscriptions, AgentService agents, SubscriptionModels models, CancellationToken cancellationToken) =>
        ActAsync(http, name, subscriptions, models, async (form, subscription) =>
        {
            if (form[AgentField].Length == 0)
            {
                return Problem.Invalid(AgentField, "Choose an agent.");
            }

            return AgentEndpoints.Target(form[AgentField]).Failed(out var problem, out var target)
                || (await agents.AssignAsync(target, VersionCondition.None, AgentPages.RequestOf(subscription.Name), http.User.OperatorName(), cancellationToken)).Failed(out problem, out var change)
                    ? problem
                    : SubscriptionNotice.PathOf(subscription.Name, SubscriptionNotice.Assigned, change.RestartResult);
        }, cancellationToken);

    private static Task<IResult> UnassignAsync(
        string name, string agent, HttpContext http, SubscriptionService subscriptions, AgentService agents, SubscriptionModels models, CancellationToken cancellationToken) =>
        ActAsync(http, name, subscriptions, models, async (form, subscription) =>
            AgentEndpoints.Target(agent).Failed(out var problem, out var target)
            || (await agents.ClearAsync(target, AgentPages.VersionOf(form), AgentAuth.None, http.User.OperatorName(), cancellationToken)).Failed(out problem, out var change)
                ? problem
                : SubscriptionNotice.PathOf(subscription.Name, SubscriptionNotice.Unassigned, change.RestartResult), cancellationToken);

    private static Task<IResult> ConfirmAsync(string name, SubscriptionModels models, CancellationToken cancellationToken) =>
        ShowDeletionAsync(name, models, FormState.Empty, StatusCodes.Status200OK, cancellationToken);

    private static async Task<IResult> DeleteAsync(string name, HttpContext http, SubscriptionService subscriptions, SubscriptionModels models, CancellationToken cancellationToken)
    {
        var form = await ConsoleForm.ReadAsync(http.Request, cancellationToken);
        if (SubscriptionEndpoints.Target(name).Failed(out var problem, out var target))
        {
            return ConsoleProblem.PageOf(problem);
        }

        return (await subscriptions.DeleteAsync(target, AgentPages.VersionOf(form), http.User.OperatorName(), cancellationToken)).Failed(out problem, out var written)
            ? await ShowDeletionAsync(name, models, form.Failed(problem), problem.Status, cancellationToken)
            : SeeOther.To(http, SubscriptionNotice.PathOfDeletion(written));
    }

    // What concerns one row: done, back to the table; else the table again, with the row open and what was wrong in it.
    private static async Task<IResult> ActAsync(
        HttpContext http,
        string name,
        SubscriptionService subscriptions,
        SubscriptionModels models,
        Func<ConsoleForm, SubscriptionView, Task<Outcome<string>>> act,
        CancellationToken cancellationToken)
    {
        var form = await ConsoleForm.ReadAsync(http.Request, cancellationToken);
        if (SubscriptionEndpoints.Target(name).Failed(out var problem, out var target) || (await subscriptions.GetAsync(target, cancellationToken)).Failed(out problem, out var subscription))
        {
            return ConsoleProblem.PageOf(problem);
        }

        return (await act(form, subscription)).Failed(out problem, out var path)
            ? await ShowAsync(models, subscription.Name, FormState.Empty, form.Failed(problem, AgentField), problem.Status, cancellationToken)
            : SeeOther.To(http, path);
    }

    private static async Task<IResult> ShowAsync(SubscriptionModels models, string? open, FormState register, FormState row, int status, CancellationToken cancellationToken) =>
        new PageResult<SubscriptionsPage, SubscriptionsModel>(await models.ListAsync(open, register, row, notice: null, cancellationToken), status);

    private static async Task<IResult> ShowDeletionAsync(string name, SubscriptionModels models, FormState form, int status, CancellationToken cancellationToken) =>
        SubscriptionEndpoints.Target(name).Failed(out var problem, out var target) || (await models.DeletionAsync(target, form, cancellationToken)).Failed(out problem, out var model)
            ? ConsoleProblem.PageOf(problem)
            : new PageResult<DeleteSubscriptionPage, DeleteSubscriptionModel>(model, status);
}
