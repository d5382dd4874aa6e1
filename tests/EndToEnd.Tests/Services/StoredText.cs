using Npgsql;

namespace Trinity.EndToEnd.Tests.Services;

/// <summary>All that the services have stored, as text, for the search for secrets.</summary>
internal static class StoredText
{
    /// <summary>Every row of every table.</summary>
    public static async Task<IReadOnlyList<(string Where, string Text)>> TablesAsync(PostgresDatabase database)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Timeouts.Token);
        var tables = await ColumnAsync(connection, "select quote_ident(table_name) from information_schema.tables where table_schema = 'public'");
        var contents = new List<(string Where, string Text)>();
        foreach (var table in tables)
        {
            contents.Add(($"table {table}", string.Join('\n', await ColumnAsync(connection, $"select t::text from {table} t"))));
        }

        return contents;
    }

    /// <summary>What the services keep on disk, but the file that exists to hold the operator's token.</summary>
    public static IEnumerable<(string Where, string Text)> Files(string folder) =>
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "operator-token")
            .Select(file => ($"file {Path.GetFileName(file)}", File.ReadAllText(file)));

    private static async Task<List<string>> ColumnAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        var column = new List<string>();
        while (await reader.ReadAsync(Timeouts.Token))
        {
            column.Add(reader.GetString(0));
        }

        return column;
    }
}
