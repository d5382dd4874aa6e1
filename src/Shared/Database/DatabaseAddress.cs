using Npgsql;

namespace Trinity.Shared.Database;

/// <summary>Turns what an operator writes, a <c>postgres://</c> URL or an Npgsql connection string, into a connection string.</summary>
public static class DatabaseAddress
{
    /// <exception cref="FormatException">The text is neither; the message says what is wrong and never repeats a password.</exception>
    public static string ToConnectionString(string text)
    {
        var isUrl = text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);
        return isUrl ? FromUrl(text) : FromKeywords(text);
    }

    private static string FromUrl(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            throw new FormatException("The database URL is malformed; write postgres://user:password@host:port/database.");
        }

        var query = url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? ""), StringComparer.OrdinalIgnoreCase);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = query.Remove("host", out var socketDirectory) ? socketDirectory : Uri.UnescapeDataString(url.Host),
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        if (url.Port > 0)
        {
            builder.Port = url.Port;
        }

        var credentials = url.UserInfo.Split(':', 2);
        if (credentials[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(credentials[0]);
        }

        if (credentials.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(credentials[1]);
        }

        foreach (var (name, value) in query)
        {
            Set(builder, name switch { "sslmode" => "SSL Mode", "application_name" => "Application Name", "connect_timeout" => "Timeout", _ => name }, value.Replace("-", "", StringComparison.Ordinal));
        }

        return builder.Host is { Length: > 0 } && builder.Database is { Length: > 0 }
            ? builder.ConnectionString
            : throw new FormatException("The database URL names no host or no database; write postgres://user:password@host:port/database.");
    }

    private static string FromKeywords(string text)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(text) is { Host.Length: > 0 } builder
                ? builder.ConnectionString
                : throw new FormatException("The database connection string names no host.");
        }
        catch (ArgumentException)
        {
            throw new FormatException("The database address is neither a postgres:// URL nor a connection string (Host=…;Database=…;Username=…).");
        }
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string keyword, string value)
    {
        try
        {
            builder[keyword] = value;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"The database URL has a parameter '{keyword}' that is unknown or has an unusable value.");
        }
    }
}
