using System.Net.Http.Headers;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Providers;

/// <summary>Asks a provider for its list of models: the cheapest call that proves address and credential.</summary>
internal sealed class ProviderProbe(UpstreamAddressPolicy addresses, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _invoker = ProbeInvoker.Create(addresses);

    /// <summary>Never throws for what the provider or the network does; never repeats anything of the provider's body, which can quote the key.</summary>
    public async Task<ProbeResult> ProbeAsync(ProviderRow provider, ProviderSettings settings, SecretString? key, CancellationToken cancellationToken)
    {
        using var request = Request(provider, settings, key);
        using var deadline = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var started = time.GetTimestamp();
        ProbeResult Result(int? status, string? error) => new(error is null, status, Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1), error);
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            return Result(status, status switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => $"The provider redirects elsewhere ({status}); set base_url to where it leads.",
                401 or 403 => $"The provider refuses the credential ({status}).",
                404 => "The provider has no model list at this address (404); check base_url.",
                429 => "The provider limits the rate of this credential (429).",
                _ => $"The provider answered {status}.",
            });
        }
        catch (HttpRequestException exception)
        {
            return Result(null, (exception.InnerException as HttpRequestException ?? exception).Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Result(null, $"The provider did not answer within {Limit.TotalSeconds:0} seconds.");
        }
    }

    public void Dispose() => _invoker.Dispose();

    private static HttpRequestMessage Request(ProviderRow provider, ProviderSettings settings, SecretString? key)
    {
        var path = provider.Type == ProviderTypes.Anthropic ? "v1/models" : "models";
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(new Uri(provider.BaseUrl.TrimEnd('/') + "/"), path));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Trinity", "1"));
        foreach (var (name, value) in settings.ExtraHeaders)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (provider.Type == ProviderTypes.Anthropic)
        {
            request.Headers.TryAddWithoutValidation("anthropic-version", "2023-06-01");
        }

        if (key is not null)
        {
            var (name, value) = provider.Type == ProviderTypes.Anthropic ? ("x-api-key", key.Reveal()) : ("Authorization", $"Bearer {key.Reveal()}");
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}

/// <summary>What came of testing a provider.</summary>
/// <param name="Ok">Whether the provider accepted the call.</param>
/// <param name="Status">The provider's HTTP status; null when it was not reached.</param>
/// <param name="LatencyMs">Until its response's header, or until the failure.</param>
/// <param name="Error">What is wrong, in a sentence.</param>
internal sealed record ProbeResult(bool Ok, int? Status, double LatencyMs, string? Error);
