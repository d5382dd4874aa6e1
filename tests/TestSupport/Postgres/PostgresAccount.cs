using System.Globalization;

namespace Trinity.TestSupport.Postgres;

/// <summary>The operating system account Postgres runs under: our own, or an unprivileged one when we are root, whom Postgres refuses.</summary>
internal sealed record PostgresAccount(int UserId, int GroupId)
{
    /// <summary>Null when we are not root and need no other account.</summary>
    public static PostgresAccount? Current { get; } = Environment.IsPrivilegedProcess ? Find("postgres") ?? Find("nobody") ?? throw Missing() : null;

    /// <summary>The words that go in front of a command.</summary>
    public static IReadOnlyList<string> Prefix(PostgresAccount? account) => account is null
        ? []
        : ["setpriv", $"--reuid={account.UserId}", $"--regid={account.GroupId}", "--clear-groups", "--"];

    private static PostgresAccount? Find(string name)
    {
        var fields = File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields.Length > 3 && string.Equals(fields[0], name, StringComparison.Ordinal));
        return fields is null ? null : new PostgresAccount(int.Parse(fields[2], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture));
    }

    private static InvalidOperationException Missing() => new("Postgres does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it.");
}
