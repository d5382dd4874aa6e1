using Npgsql;

namespace Trinity.Shared.Database;

/// <summary>Turns what an operator writes, a <c>postgres://</c> URL or an Npgsql connection string, into a connection string.</summary>
public static class DatabaseAddress
{
    private const string Malformed = "The database URL is malformed; write postgres://user:password@host:port/database, with special characters of the password percent-encoded.";

    /// <exception cref="FormatException">The text is neither; the message says what is wrong and never repeats a password.</exception>
    public static string ToConnectionString(string text)
    {
        foreach (var scheme in (string[])["postgres://", "postgresql://"])
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return FromUrl(text[scheme.Length..]);
            }
        }

        return FromKeywords(text);
    }

    // Taken apart by hand: System.Uri refuses postgres://user@/database?host=/socket/directory, which every other client accepts.
    private static string FromUrl(string rest)
    {
        var (beforeQuery, query) = Cut(rest, '?');
        var (authority, database) = Cut(beforeQuery, '/');
        var at = authority.LastIndexOf('@');
        var (user, password) = Cut(at < 0 ? "" : authority[..at], ':');

        // An "@" or "#" further right means that a special character of the password cut the URL short: what follows is part of the password.
        if (database?.IndexOfAny(['/', '@']) >= 0 || query?.Contains('@', StringComparison.Ordinal) == true || rest.Contains('#', StringComparison.Ordinal))
        {
            throw new FormatException(Malformed);
        }

        var builder = new NpgsqlConnectionStringBuilder();
        SetAddress(builder, authority[(at + 1)..]);
        Set(builder, "Username", Uri.UnescapeDataString(user));
        Set(builder, "Password", Uri.UnescapeDataString(password ?? ""));
        Set(builder, "Database", Uri.UnescapeDataString(database ?? ""));
        foreach (var pair in (query ?? "").Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Cut(pair, '=');
            SetParameter(builder, Uri.UnescapeDataString(name), Uri.UnescapeDataString(value ?? ""));
        }

        return builder.Host is { Length: > 0 } && builder.Database is { Length: > 0 }
            ? builder.ConnectionString
            : throw new FormatException("The database URL names no host or no database; write postgres://user:password@host:port/database.");
    }

    private static void SetAddress(NpgsqlConnectionStringBuilder builder, string address)
    {
        var colon = address.LastIndexOf(':');
        var hasPort = colon > address.LastIndexOf(']');
        if (hasPort && !ushort.TryParse(address.AsSpan(colon + 1), out _))
        {
            throw new FormatException(Malformed);
        }

        Set(builder, "Host", Uri.UnescapeDataString(hasPort ? address[..colon] : address).Trim('[', ']'));
        Set(builder, "Port", hasPort ? address[(colon + 1)..] : "");
    }

    // The names that libpq's URLs use, where they differ from Npgsql's.
    private static void SetParameter(NpgsqlConnectionStringBuilder builder, string name, string value) => Set(
        builder,
        name switch
        {
            "user" => "Username",
            "dbname" => "Database",
            "sslmode" => "SSL Mode",
            "sslcert" => "SSL Certificate",
            "sslkey" => "SSL Key",
            "sslrootcert" => "Root Certificate",
            "application_name" => "Application Name",
            "connect_timeout" => "Timeout",
            "target_session_attrs" => "Target Session Attributes",
            _ => name,
        },
        name == "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value);

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
        if (value.Length == 0)
        {
            return; // what is not given keeps Npgsql's default
        }

        try
        {
            builder[keyword] = value;
        }
        catch (ArgumentException)
        {
            throw new FormatException($"The database URL has a parameter '{keyword}' that is unknown or has an unusable value.");
        }
    }

    private static (string Head, string? Tail) Cut(string text, char separator)
    {
        var index = text.IndexOf(separator, StringComparison.Ordinal);
        return index < 0 ? (text, null) : (text[..index], text[(index + 1)..]);
    }
}
