using Microsoft.Extensions.Logging;
using Npgsql;

namespace Trinity.Shared.Database;

/// <summary>How our services connect to Postgres: one data source per process.</summary>
public static class TrinityDatabase
{
    /// <param name="address">A URL or connection string: see <see cref="DatabaseAddress"/>.</param>
    /// <param name="applicationName">Shown in <c>pg_stat_activity</c>.</param>
    /// <param name="loggers">Where Npgsql logs to.</param>
    /// <exception cref="FormatException">The address is malformed.</exception>
    public static NpgsqlDataSource Create(string address, string applicationName, ILoggerFactory? loggers = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(DatabaseAddress.ToConnectionString(address))
        {
            ApplicationName = applicationName,
            IncludeErrorDetail = false, // details can quote row values
            KeepAlive = 10,             // seconds; finds a dead peer while LISTEN waits in silence
        };
        Dapper.DefaultTypeMap.MatchNamesWithUnderscores = true;
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = applicationName }; // names its metrics; the default is the connection string
        return builder.UseLoggerFactory(loggers).Build();
    }
}
