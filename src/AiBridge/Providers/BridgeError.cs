namespace Trinity.AiBridge.Providers;

/// <summary>An answer of our own instead of the provider's. Expected failure travels as this value; a dialect gives it the vendor's shape.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable, for programs, records and metrics.</param>
/// <param name="Message">For people; holds no secret.</param>
/// <param name="RetryAfter">When trying again makes sense.</param>
internal sealed record BridgeError(int Status, string Code, string Message, TimeSpan? RetryAfter = null)
{
    public static BridgeError Unauthenticated(string code, string message) => new(StatusCodes.Status401Unauthorized, code, message);

    public static BridgeError Forbidden(string code, string message) => new(StatusCodes.Status403Forbidden, code, message);

    public static BridgeError BadRequest(string code, string message) => new(StatusCodes.Status400BadRequest, code, message);

    public static BridgeError NotFound(string code, string message) => new(StatusCodes.Status404NotFound, code, message);

    public static BridgeError Unavailable(string code, string message) => new(StatusCodes.Status503ServiceUnavailable, code, message);
}
