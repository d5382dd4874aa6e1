using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Settings;

/// <summary>SQL of settings. A setting without a row, or with a value that is none, has its default.</summary>
internal sealed class SettingsStore(NpgsqlDataSource database)
{
    public async Task<OperatorSettings> ReadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await ReadAsync(connection, cancellationToken);
    }

    public async Task<OperatorSettings> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<(string Key, string Value)>(new CommandDefinition("select key, value::text from settings", cancellationToken: cancellationToken));
        var values = rows.ToDictionary(row => row.Key, row => row.Value, StringComparer.Ordinal);
        bool Flag(string key, bool otherwise) => values.GetValueOrDefault(key) switch { "true" => true, "false" => false, _ => otherwise };
        int Percent(string key, int otherwise) => int.TryParse(values.GetValueOrDefault(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 100 ? number : otherwise;
        return new OperatorSettings
        {
            AutoSwitchSubscriptions = Flag(SettingKeys.AutoSwitchSubscriptions, OperatorSettings.Default.AutoSwitchSubscriptions),
            SubscriptionApiKeyFallback = Flag(SettingKeys.SubscriptionApiKeyFallback, OperatorSettings.Default.SubscriptionApiKeyFallback),
            SubscriptionHeadroomAutoRefresh = Flag(SettingKeys.SubscriptionHeadroomAutoRefresh, OperatorSettings.Default.SubscriptionHeadroomAutoRefresh),
            SoftCeilingPercent = Percent(SettingKeys.SoftCeilingPercent, OperatorSettings.Default.SoftCeilingPercent),
        };
    }

    public Task SetAsync(NpgsqlConnection connection, string key, JsonNode value, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "insert into settings (key, value, updated_at) values (@key, @value::jsonb, @now) on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
            new { key, value = value.ToJsonString(), now },
            cancellationToken: cancellationToken));

    /// <summary>Gives the setting its default again.</summary>
    public Task ResetAsync(NpgsqlConnection connection, string key, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("delete from settings where key = @key", new { key }, cancellationToken: cancellationToken));
}
