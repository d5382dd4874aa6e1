using System.Globalization;

namespace Trinity.Fault.Tests.Support;

/// <summary>What a process uses at one moment: open descriptors, memory that is its own (RssAnon: heap, stacks, no mapped files), threads.</summary>
internal sealed record ProcessSample(int Descriptors, long Memory, int Threads)
{
    public static ProcessSample Of(int processId)
    {
        var status = File.ReadAllLines($"/proc/{processId}/status");
        var descriptors = Directory.GetFileSystemEntries($"/proc/{processId}/fd").Length;
        return new ProcessSample(descriptors, Number(status, "RssAnon:") * 1024, (int)Number(status, "Threads:"));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Descriptors} descriptors, {Memory / 1048576.0:0.0} MiB, {Threads} threads");

    private static long Number(string[] status, string name) =>
        long.Parse(status.Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
