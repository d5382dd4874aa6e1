using System.Text.Json;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>What was heard of a credential's limits, as control planes read it.</summary>
internal sealed record LimitsRow(string Credential, string Source, string Limits, string Detail, DateTime ObservedAt)
{
    /// <summary>Used up of the window of five hours.</summary>
    public double? FiveHour
    {
        get
        {
            using var limits = JsonDocument.Parse(Limits);
            var window = limits.RootElement.GetProperty("windows").EnumerateArray().FirstOrDefault(window => window.GetProperty("name").GetString() == "five_hour");
            return window.ValueKind == JsonValueKind.Object && window.TryGetProperty("utilization", out var used) ? used.GetDouble() : null;
        }
    }

    public static async Task<IReadOnlyList<LimitsRow>> ListAsync(TestBench bench)
    {
        var rows = new List<LimitsRow>();
        await using var command = bench.Database.DataSource.CreateCommand("select credential, source, limits::text, detail, observed_at from account_limits order by credential");
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        while (await reader.ReadAsync(Timeouts.Token))
        {
            rows.Add(new LimitsRow(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetDateTime(4)));
        }

        return rows;
    }

    /// <summary>Waits until there is a row of the credential, as wanted.</summary>
    public static async Task<LimitsRow> WhenAsync(TestBench bench, string credential, Func<LimitsRow, bool>? condition = null)
    {
        LimitsRow? found = null;
        await Eventually.TrueAsync(
            async () => (found = (await ListAsync(bench)).SingleOrDefault(row => row.Credential == credential)) is not null && condition?.Invoke(found) != false,
            $"the limits of {credential} are known");
        return found!;
    }
}
