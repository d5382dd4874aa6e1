using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Settings;

/// <summary><c>/settings</c>: what operators set at run time.</summary>
internal static class SettingsEndpoints
{
    public static void MapSettings(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/settings").WithTags("Settings");
        group.MapGet("", GetAsync).WithName("GetSettings").WithSummary("All settings, defaults included.");
        group.MapPatch("", UpdateAsync).Accepts<UpdateSettingsRequest>("application/json").WithName("UpdateSettings").WithSummary("Changes settings; null gives one its default again.");
    }

    private static async Task<Ok<OperatorSettings>> GetAsync(SettingsService settings, CancellationToken cancellationToken) => TypedResults.Ok(await settings.GetAsync(cancellationToken));

    private static async Task<Results<Ok<OperatorSettings>, ProblemHttpResult>> UpdateAsync(HttpContext http, SettingsService settings, CancellationToken cancellationToken)
    {
        var request = UpdateSettingsRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        return (await settings.UpdateAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var changed) ? problem.ToResult() : TypedResults.Ok(changed);
    }
}
