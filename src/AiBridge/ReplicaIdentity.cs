using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge;

/// <summary>Who this replica is. The id lives in the data directory, so that a restarted replica takes its old row in <c>bridge_replicas</c> over.</summary>
/// <remarks>The id's file stays locked while the replica runs; a second replica on the same directory finds it locked and takes the next one.</remarks>
internal sealed class ReplicaIdentity : IDisposable
{
    private const int MaxReplicasPerDirectory = 64;

    private readonly FileStream _file;

    public ReplicaIdentity(IOptions<TrinityOptions> trinity, IOptions<AiBridgeOptions> options, TimeProvider time)
    {
        (_file, Number) = Lock(Directory.CreateDirectory(trinity.Value.Data).FullName);
        var content = new byte[36];
        var length = _file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        if (!Guid.TryParse(Encoding.ASCII.GetString(content, 0, length), out var id))
        {
            id = Guid.CreateVersion7(time.GetUtcNow());
            _file.SetLength(0);
            _file.Write(Encoding.ASCII.GetBytes(id.ToString("D")));
            _file.Flush(flushToDisk: true);
        }

        Id = id;
        StartedAt = time.GetUtcNow();
        Address = options.Value.Address is { Length: > 0 } address
            ? address
            : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{new Uri(options.Value.ListenAddresses()[0]).Port}");
    }

    public Guid Id { get; }

    /// <summary>1 for the first replica on the data directory, 2 for the second that runs beside it, and so on.</summary>
    public int Number { get; }

    public string Address { get; }

    public DateTimeOffset StartedAt { get; }

    public void Dispose() => _file.Dispose();

    /// <summary>The numbers of replicas that have ever run on a data directory, without <paramref name="own"/>.</summary>
    public static IEnumerable<int> OtherNumbers(string directory, int own) =>
        Enumerable.Range(1, MaxReplicasPerDirectory).Where(number => number != own && File.Exists(PathOf(directory, number)));

    /// <summary>Keeps others from running under a number while it is held; null when one does.</summary>
    public static IDisposable? TryLock(string directory, int number)
    {
        try
        {
            return new FileStream(PathOf(directory, number), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static (FileStream File, int Number) Lock(string directory)
    {
        for (var number = 1; ; number++)
        {
            var path = PathOf(directory, number);
            try
            {
                return (new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), number);
            }
            catch (IOException) when (number < MaxReplicasPerDirectory && File.Exists(path))
            {
                // Locked by another replica; the next number is tried.
            }
        }
    }

    private static string PathOf(string directory, int number) =>
        Path.Combine(directory, number == 1 ? "replica-id" : string.Create(CultureInfo.InvariantCulture, $"replica-id.{number}"));
}
