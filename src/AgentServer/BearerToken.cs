using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Trinity.AgentServer;

/// <summary>Lets a request to the API pass that carries the agent's own token. Keeps the token's hash only.</summary>
internal sealed class BearerToken(IOptions<AgentServerOptions> options)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? _hash = options.Value.Token is { Length: > 0 } token ? Hash(token) : null;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsAccepted(context.Request.Headers.Authorization))
        {
            await next(context);
            return;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer";
        await TypedResults.Problem("Send the agent's token as 'Authorization: Bearer …'.", statusCode: StatusCodes.Status401Unauthorized).ExecuteAsync(context);
    }

    // Hashes have one length, so the time of the comparison tells nothing of the token, its length included.
    private bool IsAccepted(string? authorization) =>
        _hash is null
        || (authorization?.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) == true
            && CryptographicOperations.FixedTimeEquals(_hash, Hash(authorization[Scheme.Length..])));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
