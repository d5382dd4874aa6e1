using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Providers;

/// <summary>Tests a stored provider with its own first key, or with one that is not saved yet.</summary>
internal sealed class ProviderTestService(ProviderStore store, ProviderSecrets secrets, ProviderProbe probe)
{
    public async Task<Outcome<ProbeResult>> TestAsync(IdOrName target, TestProviderRequest? request, CancellationToken cancellationToken)
    {
        if (request is { Errors.Count: > 0 })
        {
            return Problem.Invalid(request.Errors);
        }

        var (row, key) = await LoadAsync(target, cancellationToken);
        if (row is null)
        {
            return Problem.NotFound($"There is no provider '{target}'.");
        }

        if (!secrets.TryReadSettings(row, out var settings))
        {
            return new ProbeResult(Ok: false, null, 0, "The stored settings cannot be decrypted.");
        }

        if (request?.ApiKey is { } candidate)
        {
            return await probe.ProbeAsync(row, settings, new SecretString(candidate), cancellationToken);
        }

        if (key is null)
        {
            return row.Type == ProviderTypes.OpenAiCompatible
                ? await probe.ProbeAsync(row, settings, key: null, cancellationToken)
                : new ProbeResult(Ok: false, null, 0, "The provider has no key.");
        }

        return secrets.Reveal(key) is { } secret
            ? await probe.ProbeAsync(row, settings, secret, cancellationToken)
            : new ProbeResult(Ok: false, null, 0, "The stored key cannot be decrypted.");
    }

    // The connection goes back before the provider is called, which may take its time.
    private async Task<(ProviderRow? Row, ProviderKeyRow? Key)> LoadAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var row = await store.FindAsync(connection, target, cancellationToken);
        return row is null ? (null, null) : (row, (await store.ListKeysAsync(connection, [row.Id], cancellationToken))[row.Id].FirstOrDefault());
    }
}
