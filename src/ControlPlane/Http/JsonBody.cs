using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;

namespace Trinity.ControlPlane.Http;

/// <summary>Reads a request's body as one JSON object.</summary>
internal static class JsonBody
{
    public const int MaxBytes = 1024 * 1024;

    /// <summary>What whoever sends more is told.</summary>
    public static readonly string TooLarge = $"The body is larger than {MaxBytes} bytes.";

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <exception cref="BadHttpRequestException">400 for what is no JSON object, 413 for too much of it, 415 for another content type.</exception>
    public static async Task<JsonFields> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        new(await ReadObjectAsync(request, cancellationToken), "", []);

    /// <summary>The same as it came, for whoever reads it by other rules.</summary>
    public static async Task<JsonElement> ReadObjectAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            throw new BadHttpRequestException("The body must be JSON; send Content-Type: application/json.", StatusCodes.Status415UnsupportedMediaType);
        }

        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, Strict, cancellationToken);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new BadHttpRequestException("The body must be a JSON object.");
        }
        catch (JsonException exception)
        {
            // Its message can quote the body, and with it a credential; the position is enough.
            throw new BadHttpRequestException($"The body is not valid JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
    }

    /// <summary>The same where the body may be left out.</summary>
    public static async Task<JsonFields?> ReadOptionalAsync(HttpRequest request, CancellationToken cancellationToken) =>
        request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody is false ? null : await ReadAsync(request, cancellationToken);
}
