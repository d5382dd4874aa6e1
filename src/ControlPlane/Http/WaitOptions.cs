using System.Globalization;

namespace Trinity.ControlPlane.Http;

/// <summary>What a write's <c>?wait=applied&amp;timeout=10s</c> asks for: answer once the fleet has applied the change, or after the timeout.</summary>
internal sealed record WaitOptions(bool Applied, TimeSpan Timeout)
{
    private const int DefaultSeconds = 10;
    private const int MaxSeconds = 60;

    /// <summary>Reads the two parameters before anything is written; nothing is committed under a wait that cannot be honoured.</summary>
    public static Outcome<WaitOptions> Read(IQueryCollection query)
    {
        var fields = new QueryFields(query);
        var wait = fields.OneOf("wait", "applied");
        var seconds = DefaultSeconds;
        if (fields.Text("timeout") is { } text
            && !(text.EndsWith('s') && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is >= 1 and <= MaxSeconds))
        {
            fields.Reject("timeout", $"The timeout must be from 1s to {MaxSeconds}s, such as 10s.");
        }

        return fields.Check() is { } problem ? problem : new WaitOptions(wait is not null, TimeSpan.FromSeconds(seconds));
    }
}

/// <summary>On every write: reads <see cref="WaitOptions"/> before the handler runs, for <see cref="Rollouts.WriteReporter"/> to use after it.</summary>
internal sealed class WaitFilter : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (WaitOptions.Read(context.HttpContext.Request.Query).Failed(out var problem, out var options))
        {
            return problem.ToResult();
        }

        context.HttpContext.Features.Set(options);
        return await next(context);
    }
}
