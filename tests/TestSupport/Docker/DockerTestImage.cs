using System.Formats.Tar;
using System.Net.Http.Headers;
using System.Text;
using Trinity.TestSupport.Processes;

namespace Trinity.TestSupport.Docker;

/// <summary>An image as small as can be with the places and the account of the agent image: one static program. Made here, so that no registry is needed.</summary>
public static class DockerTestImage
{
    public const string Reference = "trinity-agent:test";

    private const int Developer = 1000;

    // Says a line on each stream, ends at once on TERM.
    private const string Entry = """ENTRYPOINT ["/bin/sh","-c","trap 'exit 0' TERM; echo started; echo warned >&2; while :; do sleep 3600 & wait; done"]""";

    private static readonly string[] Links = ["sh", "id", "cat", "echo", "sleep", "touch", "ls", "stat", "grep", "mount", "chmod", "cp", "dd", "true", "wc", "printf"];

    public static string? WhyImpossible() => Programs.Find("busybox") is null ? "'busybox' is not installed (Debian: busybox-static)" : null;

    public static async Task ImportAsync(DockerApi engine)
    {
        using var content = new ByteArrayContent(await ArchiveAsync());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        var changes = string.Concat(((string[])["USER 1000:1000", "ENV BAKED=in", "LABEL trinity.test=yes", Entry]).Select(change => "&changes=" + Uri.EscapeDataString(change)));
        await engine.SendAsync(HttpMethod.Post, $"/images/create?fromSrc=-&repo=trinity-agent&tag=test{changes}", content);
    }

    /// <summary>Runs it once, with limits: an engine may well start where the machine lets it run nothing.</summary>
    public static async Task RunAsync(DockerApi engine)
    {
        var created = await engine.SendAsync(HttpMethod.Post, "/containers/create", DockerApi.Json($$"""{"Image": "{{Reference}}", "HostConfig": {"Memory": 67108864, "NanoCpus": 500000000, "PidsLimit": 40} }"""));
        var container = $"/containers/{created.GetProperty("Id").GetString()}";
        try
        {
            await engine.SendAsync(HttpMethod.Post, $"{container}/start");
        }
        finally
        {
            await engine.SendAsync(HttpMethod.Delete, $"{container}?force=1");
        }
    }

    private static async Task<byte[]> ArchiveAsync()
    {
        using var archive = new MemoryStream();
        await using (var writer = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var folder in (string[])["bin/", "etc/", "proc/", "sys/", "dev/", "home/", "var/", "var/lib/"])
            {
                await writer.WriteEntryAsync(Folder(folder, owner: 0));
            }

            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, "tmp/") { Mode = (UnixFileMode)0x3FF }); // 1777: what is mounted over it takes its mode
            await writer.WriteEntryAsync(Folder("var/lib/trinity/", Developer));
            await writer.WriteEntryAsync(Folder("home/developer/", Developer));
            await writer.WriteEntryAsync(File("etc/passwd", Encoding.ASCII.GetBytes("developer:x:1000:1000::/home/developer:/bin/sh\n"), 0x1A4));
            await writer.WriteEntryAsync(File("etc/group", Encoding.ASCII.GetBytes("developer:x:1000:\n"), 0x1A4));
            await writer.WriteEntryAsync(File("bin/busybox", await System.IO.File.ReadAllBytesAsync(Programs.Find("busybox")!, Timeouts.Token), 0x1ED));
            foreach (var link in Links)
            {
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + link) { LinkName = "busybox" });
            }
        }

        return archive.ToArray();
    }

    private static PaxTarEntry Folder(string name, int owner) => new(TarEntryType.Directory, name) { Mode = (UnixFileMode)0x1ED, Uid = owner, Gid = owner }; // 0755

    private static PaxTarEntry File(string name, byte[] content, int mode) => new(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)mode, DataStream = new MemoryStream(content) };
}
