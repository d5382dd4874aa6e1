using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.AccountUsage.Views;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.AccountUsage;

/// <summary><c>/account-usage</c>: how much of each account is left.</summary>
internal static class AccountUsageEndpoints
{
    private const int MaxHours = 24 * 30;

    public static void MapAccountUsage(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/account-usage").WithTags("Account usage");
        group.MapGet("", ListAsync).WithName("GetAccountUsage").WithSummary("How much of every account is left: subscriptions, providers' keys, homes.").WithQuery("refresh", Refresh);
        group.MapGet("/{id}", GetAsync).WithName("GetAccountUsageOfOne").WithSummary("How much of one account is left; of a subscription by its name or id.").WithQuery("refresh", Refresh);
        group.MapGet("/{id}/history", HistoryAsync).WithName("GetAccountUsageHistory").WithSummary("How an account stood over time, for charts.")
            .WithQuery("hours", "How far back, from 1 to 720; 24 unless set.");
    }

    private const string Refresh = "true: the provider is asked, and waited for, unless it was asked less than a minute ago; false unless set.";

    private static async Task<Results<Ok<ItemList<AccountUsageView>>, ProblemHttpResult>> ListAsync(HttpRequest request, AccountUsageService usage, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var refresh = query.OneOf("refresh", "true", "false") == "true";
        return query.Check() is { } problem ? problem.ToResult() : TypedResults.Ok(new ItemList<AccountUsageView>(await usage.ListAsync(refresh, cancellationToken)));
    }

    private static async Task<Results<Ok<AccountUsageView>, ProblemHttpResult>> GetAsync(string id, HttpRequest request, AccountUsageService usage, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var refresh = query.OneOf("refresh", "true", "false") == "true";
        return query.Check() is { } problem || (await usage.GetAsync(id, refresh, cancellationToken)).Failed(out problem, out var view) ? problem.ToResult() : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<UsageHistoryView>, ProblemHttpResult>> HistoryAsync(string id, HttpRequest request, AccountUsageService usage, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var hours = query.Number("hours", 1, MaxHours, 24);
        return query.Check() is { } problem || (await usage.HistoryAsync(id, TimeSpan.FromHours(hours), cancellationToken)).Failed(out problem, out var view) ? problem.ToResult() : TypedResults.Ok(view);
    }
}
