using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Trinity.Contract.Tests.WireMock;

/// <summary>A real WireMock on a port of its own at 127.0.0.1, driven through its admin API. It ends with this object, and with this process however that ends.</summary>
internal sealed partial class WireMockServer : IAsyncDisposable
{
    private readonly ChildProcess _process;
    private readonly HttpClient _admin;

    private WireMockServer(ChildProcess process, int port)
    {
        _process = process;
        Port = port;
        Url = $"http://127.0.0.1:{port}";
        _admin = LoopbackHttp.CreateClient(Url);
    }

    public int Port { get; }

    /// <summary>Without a trailing slash.</summary>
    public string Url { get; }

    /// <param name="java">The program.</param>
    /// <param name="jar">The standalone server.</param>
    /// <param name="files">The folder whose __files the stubs' bodies are in.</param>
    public static async Task<WireMockServer> StartAsync(string java, string jar, string files)
    {
        string[] virtualMachine = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"]; // it runs for seconds
        string[] options = ["--port", "0", "--bind-address", "127.0.0.1", "--root-dir", files, "--disable-banner", "--disable-gzip"];
        var process = ChildProcess.Start(new ChildProgram(java, [.. virtualMachine, "-jar", jar, .. options]) { InheritsEnvironment = true });
        try
        {
            await Eventually.TrueAsync(() => process.HasExited || PortLine().IsMatch(process.Output), "WireMock has started");
            if (process.HasExited)
            {
                throw new InvalidOperationException($"WireMock did not start.\n{process.Output}\n{process.Errors}");
            }

            var server = new WireMockServer(process, int.Parse(PortLine().Match(process.Output).Groups["port"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
            await server.ResetAsync();
            return server;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Forgets all stubs, scenarios and calls.</summary>
    public async Task ResetAsync()
    {
        await SendAsync(HttpMethod.Delete, "/__admin/mappings");
        await SendAsync(HttpMethod.Post, "/__admin/scenarios/reset");
        await SendAsync(HttpMethod.Delete, "/__admin/requests");
    }

    /// <summary>Adds the stubs of a file.</summary>
    public async Task<StubFile> LoadAsync(string name)
    {
        var file = StubFile.Read(name);
        await SendAsync(HttpMethod.Post, "/__admin/mappings/import", file.Json);
        return file;
    }

    /// <summary>The journal: all calls, in order of arrival.</summary>
    public async Task<IReadOnlyList<WireMockCall>> CallsAsync()
    {
        using var journal = JsonDocument.Parse(await SendAsync(HttpMethod.Get, "/__admin/requests"));
        return [.. journal.RootElement.GetProperty("requests").EnumerateArray().Select(WireMockCall.Read).Reverse()]; // which lists the latest first
    }

    /// <summary>What came and matched no stub, each with the stub that it almost matched; empty when everything matched.</summary>
    public async Task<string> UnmatchedAsync()
    {
        using var unmatched = JsonDocument.Parse(await SendAsync(HttpMethod.Get, "/__admin/requests/unmatched"));
        return unmatched.RootElement.GetProperty("requests").GetArrayLength() == 0 ? "" : await SendAsync(HttpMethod.Get, "/__admin/requests/unmatched/near-misses");
    }

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<string> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        using var reply = await _admin.SendAsync(request, Timeouts.Token);
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        return reply.IsSuccessStatusCode ? text : throw new InvalidOperationException($"WireMock answered {method} {path} with {reply.StatusCode}: {text}");
    }

    [GeneratedRegex(@"^port:\s+(?<port>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PortLine();
}
