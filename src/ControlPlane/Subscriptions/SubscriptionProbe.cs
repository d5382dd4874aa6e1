using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>Asks the provider for one token of text, and judges the token by the answer.</summary>
internal sealed class SubscriptionProbe(IOptions<ControlPlaneOptions> options, UpstreamAddressPolicy addresses, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly HttpMessageInvoker _invoker = ProbeInvoker.Create(addresses);

    /// <summary>Never throws for what the provider or the network does; never repeats anything of the provider's body, which can quote the token.</summary>
    public async Task<SubscriptionTest> ProbeAsync(SecretString token, CancellationToken cancellationToken)
    {
        using var request = OneTokenMessage.Create(new Uri($"{options.Value.SubscriptionProvider.TrimEnd('/')}/{OneTokenMessage.Path}"), token);
        using var deadline = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var started = time.GetTimestamp();
        SubscriptionTest Result(string verdict, bool? valid, int? status, string message) =>
            new(verdict, valid, status, message, Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1));
        try
        {
            using var response = await _invoker.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            return status switch
            {
                >= 200 and < 300 => Result("ok", valid: true, status, "The provider accepts the token."),
                401 or 403 => Result("invalid_token", valid: false, status, $"The provider refuses the token ({status})."),
                429 => Result("rate_limited", valid: true, status, "The provider knows the token, which is at its limit now (429)."),
                _ => Result("unclear", valid: null, status, $"The provider answered {status}, which says nothing of the token."),
            };
        }
        catch (HttpRequestException exception)
        {
            return Result("unreachable", valid: null, null, (exception.InnerException as HttpRequestException ?? exception).Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Result("unreachable", valid: null, null, $"The provider did not answer within {Limit.TotalSeconds:0} seconds.");
        }
    }

    public void Dispose() => _invoker.Dispose();
}
