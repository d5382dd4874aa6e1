using Trinity.Shared.Secrets;

namespace Trinity.Shared.Tests.Secrets;

public sealed class EncryptionKeyFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int Threads = 16;

    private static readonly ManualTimeProvider Time = new(new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero));

    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("encryption-keys");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void EnsureExists_MakesOneUsableKey()
    {
        EncryptionKeyFile.EnsureExists(Path, Time);

        Assert.StartsWith("k20260304-", EncryptionKeyRing.Parse(File.ReadAllText(Path)).CurrentId, StringComparison.Ordinal);
        Assert.Equal(["encryption-keys", "encryption-keys.lock"], _directory.FileNames());
    }

    [Fact]
    public void EnsureExists_FileIsForItsOwnerOnly()
    {
        EncryptionKeyFile.EnsureExists(Path, Time);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));

        EncryptionKeyFile.AddKey(Path, Time);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path));
    }

    [Fact]
    public void EnsureExists_CannotMoveIntoPlace_TemporaryFileIsForItsOwnerOnlyToo()
    {
        Directory.CreateDirectory(Path); // a directory in the way shows the moment between writing and moving

        Assert.ThrowsAny<IOException>(() => EncryptionKeyFile.EnsureExists(Path, Time));

        var temporary = Assert.Single(_directory.FileNames(), name => name.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_directory.File(temporary)));
    }

    [Fact]
    public void EnsureExists_ExistingFile_StaysAsItIs()
    {
        File.WriteAllText(Path, "whatever");
        EncryptionKeyFile.EnsureExists(Path, Time);
        Assert.Equal("whatever", File.ReadAllText(Path));
    }

    [Fact]
    public void EnsureExists_ManyThreads_AllUseOneKey()
    {
        using var start = new Barrier(Threads);
        var rings = new string[Threads];
        RunOnThreads(index =>
        {
            start.SignalAndWait();
            EncryptionKeyFile.EnsureExists(Path, Time);
            rings[index] = File.ReadAllText(Path);
        });

        Assert.Single(rings.Distinct(StringComparer.Ordinal));
        EncryptionKeyRing.Parse(rings[0]);
        Assert.Equal(["encryption-keys", "encryption-keys.lock"], _directory.FileNames());
    }

    [Fact]
    public void EnsureExists_AnotherWritesBetweenLookAndTurn_ItsKeyStays()
    {
        Thread second;
        using (new FileStream(Path + ".lock", FileMode.Create, FileAccess.Write, FileShare.None))
        {
            second = new Thread(() => EncryptionKeyFile.EnsureExists(Path, Time));
            second.Start();
            // Waiting for the turn, it sleeps between its looks: by then it has seen that there is no file.
            Assert.True(SpinWait.SpinUntil(() => second.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Timeouts.Default));
            File.WriteAllText(Path, "the first one's");
        }

        second.Join();
        Assert.Equal("the first one's", File.ReadAllText(Path));
    }

    [Fact]
    public void AddKey_NewKeyEncrypts_OldKeyStillDecrypts()
    {
        var scope = SecretScope.ProviderKey(Guid.Empty);
        var source = new FileEncryptionKeys(Path, Time);
        var old = new SecretProtector(source).Protect("secret", scope);

        var added = EncryptionKeyFile.AddKey(Path, Time);

        var protector = new SecretProtector(source);
        Assert.Equal(added, protector.CurrentKeyId);
        Assert.NotEqual(old.KeyId, added);
        Assert.Equal("secret", protector.Unprotect(old, scope));
    }

    [Fact]
    public void AddKey_ManyThreads_LosesNoKey()
    {
        EncryptionKeyFile.EnsureExists(Path, Time);
        using var start = new Barrier(Threads);
        var added = new string?[Threads];
        RunOnThreads(index =>
        {
            start.SignalAndWait();
            try
            {
                added[index] = EncryptionKeyFile.AddKey(Path, Time);
            }
            catch (IOException)
            {
                added[index] = null; // refused, because another one is at it
            }
        });

        var text = File.ReadAllText(Path);
        Assert.Contains(added, id => id is not null);
        Assert.All(added.OfType<string>(), id => Assert.Contains(id + ":", text, StringComparison.Ordinal));
        Assert.Equal(1 + added.Count(id => id is not null), text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void AddKey_FileWithComments_KeepsThem()
    {
        EncryptionKeyFile.EnsureExists(Path, Time);
        File.WriteAllText(Path, "# ours, do not share\n" + File.ReadAllText(Path));
        var added = EncryptionKeyFile.AddKey(Path, Time);
        Assert.Equal(added, EncryptionKeyRing.Parse(File.ReadAllText(Path)).CurrentId);
        Assert.Contains("# ours, do not share\n", File.ReadAllText(Path), StringComparison.Ordinal);
    }

    private static void RunOnThreads(Action<int> work)
    {
        Exception? failure = null;
        var threads = Enumerable.Range(0, Threads).Select(index => new Thread(() =>
        {
            try
            {
                work(index);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Null(failure);
    }
}
