using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.Seeding;

/// <summary>Creates the seed file's providers whose names were never used. What operators changed or deleted since stays as they left it.</summary>
internal sealed partial class SeedImporter(IOptions<ControlPlaneOptions> options, ProviderService providers, ProviderStore store, WriteTransactions writes, ILogger<SeedImporter> logger)
{
    private const string Actor = "seed-file";

    /// <summary>All of the file or nothing. Control planes that start at once take turns.</summary>
    /// <exception cref="StartupException">The file, or an environment variable that it names, is not right.</exception>
    public async Task ImportAsync(CancellationToken cancellationToken)
    {
        var path = options.Value.SeedFile;
        if (path.Length == 0)
        {
            return;
        }

        var file = SeedFile.Read(path);
        await using var write = await writes.BeginAsync(cancellationToken);
        var used = await store.NamesEverUsedAsync(write.Connection, [.. file.Names], cancellationToken);
        for (var index = 0; index < file.Names.Count; index++)
        {
            if (used.Contains(file.Names[index], StringComparer.Ordinal))
            {
                Log.SeedSkipped(logger, file.Names[index]);
                continue;
            }

            // A variable is needed only by an entry that is to be created: after the first start, secrets can leave the environment.
            var request = file.Resolve(index, Environment.GetEnvironmentVariable);
            if ((await providers.AddAsync(write, request, Actor, cancellationToken)).Failed(out var problem, out _))
            {
                throw file.Invalid(index, problem);
            }
        }

        await write.CommitAsync(cancellationToken);
        Log.SeedImported(logger, path, file.Names.Count - used.Count);
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.SeedImported, LogLevel.Information, "Seed file {Path} is imported: {Count} providers created.")]
        public static partial void SeedImported(ILogger logger, string path, int count);

        [LoggerMessage(ControlPlaneEventIds.SeedSkipped, LogLevel.Information, "Seed provider {Name} is skipped: its name was used before.")]
        public static partial void SeedSkipped(ILogger logger, string name);
    }
}
