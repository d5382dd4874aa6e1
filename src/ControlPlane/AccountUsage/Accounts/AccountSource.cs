using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Subscriptions;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.AccountUsage.Accounts;

/// <summary>Lists the accounts, and says of each how it is asked about.</summary>
internal sealed class AccountSource(
    SubscriptionStore subscriptions, CandidateLoader candidates, AgentSecrets secrets, ProviderStore providers, ProviderSecrets providerSecrets, UsageChannelSet channels, HomeAccounts homes, TimeProvider time)
{
    public async Task<IReadOnlyList<UsageAccount>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await subscriptions.OpenAsync(cancellationToken);
        var known = await candidates.LoadAsync(connection, time.GetUtcNow(), cancellationToken);
        var rows = await providers.ListAsync(connection, cancellationToken);
        var keys = await providers.ListKeysAsync(connection, [.. rows.Select(row => row.Id)], cancellationToken);
        return [.. known.Select(Of), .. rows.Select(row => Of(row, [.. keys[row.Id]])), .. homes.List()];
    }

    private SubscriptionAccount Of(Candidate candidate) => new()
    {
        Id = candidate.Name,
        Candidate = candidate,
        Subjects = candidate.IsUsable
            ? [Subject(SubscriptionAccount.KeyOf(candidate.Id), UsageChannels.Anthropic, candidate.Fingerprint, () => secrets.Token(candidate.Row!) is { } token ? new UsageCredential(token) : null)]
            : [],
    };

    // Only OpenRouter tells of a key when asked. Of the others is known what their replies say, and what the bridges' key rings know.
    private ProviderAccount Of(ProviderRow row, IReadOnlyList<ProviderKeyRow> keys) => new()
    {
        Id = $"provider:{row.Name}",
        Row = row,
        ProviderKeys = keys,
        Dead = keys.Where(key => providerSecrets.Reveal(key) is null).Select(key => key.Id).ToHashSet(),
        Subjects = row is { Type: ProviderTypes.OpenRouter, Enabled: true }
            ? [.. keys.Select(key => Subject(
                ProviderAccount.KeyOf(key.Id),
                UsageChannels.OpenRouter,
                ProviderAccount.KeyOf(key.Id),
                () => providerSecrets.Reveal(key) is { } secret ? new UsageCredential(secret, BaseUrl: row.BaseUrl) : null))]
            : [],
    };

    // The secret is revealed when it is needed, and not before.
    private UsageSubject Subject(string account, string channel, string credential, Func<UsageCredential?> reveal) => new()
    {
        Account = account,
        Channel = channel,
        Credential = credential,
        AskAsync = async cancellationToken => reveal() is { } revealed
            ? (await channels.Find(channel)!.AskAsync(revealed, cancellationToken), credential)
            : (new UsageReply(UsageVerdict.NoCredential) { Problem = "Its credential cannot be decrypted." }, credential),
    };
}
