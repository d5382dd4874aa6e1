using Microsoft.Extensions.Options;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.AgentServer.Credentials;

/// <summary>Finds the credential to begin with: the reloaded one of the file, or the one that the container was created with.</summary>
internal sealed partial class CredentialLoader(IOptions<AgentServerOptions> options, CredentialFile file, ILogger<CredentialLoader> logger)
{
    public CredentialSnapshot Load()
    {
        var created = Created();
        if (file.Read() is not { } reloaded)
        {
            return created;
        }

        // The container may have been given a newer credential than the last one that was reloaded into it.
        if (reloaded.Generation < created.Generation)
        {
            Log.Outdated(logger, reloaded.Generation, created.Generation);
            return created;
        }

        Log.Loaded(logger, reloaded.Generation, reloaded.IsRevoked);
        return Reloaded(reloaded);
    }

    private CredentialSnapshot Created()
    {
        var credential = options.Value.Credential;
        var token = CredentialSnapshot.Secret(credential.Token);
        return new CredentialSnapshot
        {
            Generation = credential.Generation,
            SubscriptionId = credential.SubscriptionId,
            Token = token,
            BaseUrl = credential.BaseUrl is { Length: > 0 } address ? address : null,
            VirtualKey = CredentialSnapshot.Secret(credential.VirtualKey),
            ApiKey = ApiKeyBeside(token),
            ContentHash = CredentialSnapshot.HashOf(new ReloadTokenRequest
            {
                SubscriptionId = credential.SubscriptionId,
                Token = credential.Token,
                BaseUrl = credential.BaseUrl,
                VirtualKey = credential.VirtualKey,
            }),
        };
    }

    private CredentialSnapshot Reloaded(CredentialFileContent content)
    {
        var token = CredentialSnapshot.Secret(content.Token);
        return new CredentialSnapshot
        {
            Generation = content.Generation,
            RequestId = content.RequestId,
            SubscriptionId = content.SubscriptionId,
            Token = token,
            BaseUrl = content.BaseUrl,
            VirtualKey = CredentialSnapshot.Secret(content.VirtualKey),
            ApiKey = CredentialSnapshot.Secret(content.ApiKey) ?? (content.IsApiKeyRemoved || content.IsRevoked ? null : ApiKeyBeside(token)),
            IsApiKeyRemoved = content.IsApiKeyRemoved,
            IsRevoked = content.IsRevoked,
            ContentHash = content.ContentHash,
        };
    }

    private SecretString? ApiKeyBeside(SecretString? token) => token is null ? CredentialSnapshot.Secret(options.Value.ApiKey) : null;

    private static partial class Log
    {
        [LoggerMessage(EventIds.OverrideLoaded, LogLevel.Information, "The credential is the reloaded one of generation {Generation} (revoked: {IsRevoked}).")]
        public static partial void Loaded(ILogger logger, long generation, bool isRevoked);

        [LoggerMessage(EventIds.OverrideOutdated, LogLevel.Information, "The credential file has generation {Generation}, the container was given {Created}: the file is not used.")]
        public static partial void Outdated(ILogger logger, long generation, long created);
    }
}
