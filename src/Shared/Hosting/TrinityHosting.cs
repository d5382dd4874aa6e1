using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Npgsql;
using Trinity.Shared.Database;
using Trinity.Shared.Secrets;

namespace Trinity.Shared.Hosting;

/// <summary>What every service of ours has in common, each ability one call.</summary>
public static class TrinityHosting
{
    /// <summary>The product's version, from the assembly.</summary>
    public static string Version { get; } =
        typeof(TrinityHosting).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Configuration in rising precedence: config/trinity.json, appsettings.json, TRINITY_* variables, the command line; plus logging and the clock.</summary>
    public static WebApplicationBuilder AddTrinityDefaults(this WebApplicationBuilder builder, string[] args)
    {
        builder.Configuration.Sources.Clear();
        builder.Configuration
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "config", "trinity.json"), optional: false)
            .AddJsonFile(Path.Combine(builder.Environment.ContentRootPath, "appsettings.json"), optional: true)
            .AddEnvironmentVariables("TRINITY_")
            .AddCommandLine(args);
        builder.Services.AddOptions<TrinityOptions>().Bind(builder.Configuration);
        builder.Services.TryAddSingleton(TimeProvider.System);

        builder.Logging.ClearProviders();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        if (string.Equals(builder.Configuration["LogFormat"], "json", StringComparison.OrdinalIgnoreCase))
        {
            builder.Logging.AddJsonConsole(console => { console.UseUtcTimestamp = true; console.TimestampFormat = "O"; });
        }
        else
        {
            builder.Logging.AddSimpleConsole(console => { console.SingleLine = true; console.UseUtcTimestamp = true; console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ "; });
        }

        // Whoever does not read our output loses lines of it, which the logger counts; it must not stop those who write them.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite);
        return builder;
    }

    /// <summary>The process's one data source.</summary>
    public static IServiceCollection AddTrinityDatabase(this IServiceCollection services, string applicationName) =>
        services.AddSingleton<NpgsqlDataSource>(provider => TrinityDatabase.Create(
            provider.GetRequiredService<IOptions<TrinityOptions>>().Value.Database,
            applicationName,
            provider.GetRequiredService<ILoggerFactory>()));

    /// <summary>Encryption of secrets, by the key ring of the environment or of the data directory.</summary>
    public static IServiceCollection AddTrinitySecrets(this IServiceCollection services) =>
        services
            .AddSingleton<IEncryptionKeySource>(provider =>
            {
                var options = provider.GetRequiredService<IOptions<TrinityOptions>>().Value;
                return options.EncryptionKeys.Length > 0
                    ? new FixedEncryptionKeys(options.EncryptionKeys)
                    : new FileEncryptionKeys(Path.Combine(Directory.CreateDirectory(options.Data).FullName, "encryption-keys"), provider.GetRequiredService<TimeProvider>());
            })
            .AddSingleton<SecretProtector>();
}
