using System.Globalization;
using System.Text;
using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge;

/// <summary>Who this replica is. The id lives in the data directory, so that a restarted replica takes its old row in <c>bridge_replicas</c> over.</summary>
/// <remarks>
/// The id's file stays locked while the replica runs; a second replica on the same directory finds it locked and takes the next one. A copy of the directory is not
/// locked: two processes with one id are told apart by <see cref="Reload.ReplicaReporter"/>, the only one that calls <see cref="Renew"/>. <c>_id</c> is read by anyone, through <see cref="Volatile"/>.
/// </remarks>
internal sealed class ReplicaIdentity : IDisposable
{
    private const int MaxReplicasPerDirectory = 64;

    private readonly FileStream _file;
    private readonly TimeProvider _time;
    private object _id; // a boxed Guid: one that is replaced is never read in halves

    public ReplicaIdentity(IOptions<TrinityOptions> trinity, IOptions<AiBridgeOptions> options, TimeProvider time)
    {
        _time = time;
        (_file, Number) = Lock(Directory.CreateDirectory(trinity.Value.Data).FullName);
        var content = new byte[36];
        var length = _file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        if (!Guid.TryParse(Encoding.ASCII.GetString(content, 0, length), out var id))
        {
            id = Guid.CreateVersion7(time.GetUtcNow());
            _file.SetLength(0);
            Write(id);
        }

        _id = id;
        StartedAt = time.GetUtcNow();
        Address = options.Value.Address is { Length: > 0 } address
            ? address
            : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}:{new Uri(options.Value.ListenAddresses()[0]).Port}");
    }

    public Guid Id => (Guid)Volatile.Read(ref _id);

    /// <summary>1 for the first replica on the data directory, 2 for the second that runs beside it, and so on.</summary>
    public int Number { get; }

    public string Address { get; }

    public DateTimeOffset StartedAt { get; }

    /// <summary>Another id from now on. It outlives the process only once <see cref="Keep"/> has returned.</summary>
    public void Renew() => Volatile.Write(ref _id, Guid.CreateVersion7(_time.GetUtcNow()));

    /// <summary>Writes the id to the data directory; waits for the disk.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Keep() => Write(Id);

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

    // In place: a full disk still takes it.
    private void Write(Guid id)
    {
        RandomAccess.Write(_file.SafeFileHandle, Encoding.ASCII.GetBytes(id.ToString("D")), fileOffset: 0);
        RandomAccess.FlushToDisk(_file.SafeFileHandle);
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
