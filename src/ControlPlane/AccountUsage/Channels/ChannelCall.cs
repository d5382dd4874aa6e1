using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Trinity.Shared.Limits;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>A channel's calls: within a time, with bodies of bounded size, and every failure a sentence of ours.</summary>
internal sealed class ChannelCall(HttpMessageInvoker invoker, TimeProvider time)
{
    public const int MaxBytes = 256 * 1024;

    public const string NoAddress = "The address to ask at is no http:// or https:// address.";

    private const int MaxSentence = 180;

    /// <summary>Where under a base address; null: the base is none that can be asked.</summary>
    public static Uri? Address(string provider, string path) =>
        Uri.TryCreate($"{provider.TrimEnd('/')}/{path}", UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp) ? address : null;

    /// <summary>A GET with the token, and what a 200's JSON tells. A refusal's body is not read.</summary>
    /// <param name="address">Null gets a sentence.</param>
    /// <param name="token">The bearer's.</param>
    /// <param name="headers">What the channel's request has besides.</param>
    /// <param name="read">Reads the body, whatever JSON that is.</param>
    /// <param name="limit">For the whole of it.</param>
    /// <param name="cancellationToken">Ends it with an exception, which nothing else does.</param>
    public async Task<ChannelResponse> GetAsync(
        Uri? address, SecretString token, IEnumerable<(string Name, string Value)> headers, Func<JsonElement, PlanLimits> read, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (address is null)
        {
            return new ChannelResponse { Problem = NoAddress };
        }

        if (!CredentialWord.IsOne(token.Reveal()))
        {
            return new ChannelResponse { Problem = "The credential holds characters that no token has." };
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Trinity", "1"));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in headers.Append(("Authorization", $"Bearer {token.Reveal()}")))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await SendAsync(request, ReadAsync, limit, cancellationToken);

        async Task<ChannelResponse> ReadAsync(HttpResponseMessage response, CancellationToken deadline)
        {
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return Head(response);
            }

            await response.Content.LoadIntoBufferAsync(MaxBytes, deadline);
            return Head(response) with { Limits = read(JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(deadline))) };
        }
    }

    /// <summary>Any request, of whose reply only status and headers are wanted.</summary>
    public Task<ChannelResponse> SendAsync(HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken) =>
        SendAsync(request, (response, _) => Task.FromResult(Head(response)), limit, cancellationToken);

    private async Task<ChannelResponse> SendAsync(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task<ChannelResponse>> read, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var response = await invoker.SendAsync(request, either.Token);
            return await read(response, either.Token);
        }
        catch (HttpRequestException exception)
        {
            return new ChannelResponse { Problem = Sentence(exception) };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter: text that is no Unicode
        {
            return new ChannelResponse { Problem = "The provider's reply is not the JSON that it should be." };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new ChannelResponse { Problem = $"The provider did not answer within {limit.TotalSeconds:0} seconds." };
        }
    }

    private static ChannelResponse Head(HttpResponseMessage response) => new() { Status = (int)response.StatusCode, Headers = response.Headers };

    // What the handler says of a bad reply quotes it. What lies within another is our own connector's, which tells of addresses and names only.
    private static string Sentence(HttpRequestException exception) => exception switch
    {
        { InnerException: HttpRequestException { Message: { Length: <= MaxSentence } connector } } => connector,
        { HttpRequestError: HttpRequestError.NameResolutionError } => "The provider's name cannot be resolved.",
        { HttpRequestError: HttpRequestError.ConnectionError } => "The provider cannot be reached.",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "No secure connection to the provider came about.",
        { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } => "The provider's reply is too large.",
        { HttpRequestError: HttpRequestError.ResponseEnded } => "The provider's reply broke off.",
        _ => "The call to the provider failed.",
    };
}
