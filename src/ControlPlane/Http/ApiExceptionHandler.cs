using Microsoft.AspNetCore.Diagnostics;
using Npgsql;
using Trinity.ControlPlane.Components;

namespace Trinity.ControlPlane.Http;

/// <summary>Turns what a handler threw into problem details, in the console into a page: a bad request's own status, 503 without the database, else 500 without detail.</summary>
internal sealed partial class ApiExceptionHandler(ILogger<ApiExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            return true; // the client left; there is nobody to answer
        }

        await ConsoleProblem.Of(httpContext, Describe(httpContext, exception)).ExecuteAsync(httpContext);
        return true;
    }

    private Problem Describe(HttpContext http, Exception exception)
    {
        if (exception is BadHttpRequestException bad)
        {
            var title = bad.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => "Content too large",
                StatusCodes.Status415UnsupportedMediaType => "Unsupported media type",
                _ => "Bad request",
            };
            var detail = bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? JsonBody.TooLarge : bad.Message;
            return new Problem(bad.StatusCode, title, detail);
        }

        var problem = Unexpected(logger, http.Request.Method, http.GetEndpoint()?.DisplayName ?? "", exception);
        if (problem.Status == StatusCodes.Status503ServiceUnavailable)
        {
            http.Response.Headers.RetryAfter = "1";
        }

        return problem;
    }

    /// <summary>Logs what nobody expected, and says what the caller is told of it.</summary>
    public static Problem Unexpected(ILogger logger, string method, string endpoint, Exception exception)
    {
        if (exception is NpgsqlException { IsTransient: true } or PostgresException { SqlState: PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CannotConnectNow })
        {
            Log.DatabaseUnavailable(logger, exception.Message);
            return new Problem(StatusCodes.Status503ServiceUnavailable, "Database unavailable", "The database cannot be reached or was busy; nothing was changed. Try again.");
        }

        Log.RequestFailed(logger, method, endpoint, exception);
        return new Problem(StatusCodes.Status500InternalServerError, "Internal error", "The request failed unexpectedly; the control plane's log tells why.");
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.RequestFailed, LogLevel.Error, "{Method} {Endpoint} failed unexpectedly.")]
        public static partial void RequestFailed(ILogger logger, string method, string endpoint, Exception exception);

        [LoggerMessage(ControlPlaneEventIds.DatabaseUnavailable, LogLevel.Warning, "The database is unavailable: {Reason}")]
        public static partial void DatabaseUnavailable(ILogger logger, string reason);
    }
}
