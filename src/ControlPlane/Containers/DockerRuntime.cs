using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Trinity.ControlPlane.Containers;

/// <summary>Agents' containers in a Docker Engine. Every container gets the <see cref="SecurityEnvelope"/> and is of an allowed image.</summary>
internal sealed class DockerRuntime(EngineClient engine, AgentImages images, TimeProvider time) : IAgentRuntime
{
    private const int LongestExecOutput = 4 * 1024 * 1024;

    private static readonly TimeSpan ExecPoll = TimeSpan.FromMilliseconds(20);

    public Task<EngineVersion> VersionAsync(CancellationToken cancellationToken) => engine.NegotiateAsync(cancellationToken);

    public async Task<string> CreateAsync(ContainerSpec spec, CancellationToken cancellationToken)
    {
        if (images.WhyRefused(spec.Image) is { } reason)
        {
            throw new EngineException(EngineFault.Failed, reason);
        }

        var created = await engine.PostAsync(
            $"/containers/create?name={EnginePath.Checked(spec.Name, "container")}",
            SecurityEnvelope.Apply(spec),
            EngineJson.Default.CreateContainerRequest,
            EngineJson.Default.IdReply,
            EngineClient.WorkLimit,
            cancellationToken);
        return IdOf(created);
    }

    public Task StartAsync(string container, CancellationToken cancellationToken) =>
        engine.DoAsync(HttpMethod.Post, EnginePath.Container(container) + "/start", EngineClient.WorkLimit, cancellationToken);

    public Task StopAsync(string container, TimeSpan grace, CancellationToken cancellationToken)
    {
        var seconds = (int)Math.Ceiling(Math.Max(0, grace.TotalSeconds));
        var path = string.Create(CultureInfo.InvariantCulture, $"{EnginePath.Container(container)}/stop?t={seconds}");
        return engine.DoAsync(HttpMethod.Post, path, TimeSpan.FromSeconds(seconds) + EngineClient.WorkLimit, cancellationToken);
    }

    public Task RemoveAsync(string container, bool force, CancellationToken cancellationToken) =>
        IgnoreMissingAsync(engine.DoAsync(HttpMethod.Delete, $"{EnginePath.Container(container)}?v=1{(force ? "&force=1" : "")}", EngineClient.WorkLimit, cancellationToken));

    public Task RenameAsync(string container, string name, CancellationToken cancellationToken) =>
        engine.DoAsync(HttpMethod.Post, $"{EnginePath.Container(container)}/rename?name={EnginePath.Checked(name, "container")}", EngineClient.QuickLimit, cancellationToken);

    public async Task<ContainerDetails?> InspectAsync(string container, CancellationToken cancellationToken) =>
        await engine.FindAsync(EnginePath.Container(container) + "/json", EngineJson.Default.ContainerReply, cancellationToken) is { } found ? EngineViews.Details(found) : null;

    public async Task<IReadOnlyList<ContainerSummary>> ListAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var path = $"/containers/json?all=1&filters={Filters(labels)}";
        var items = await engine.GetAsync(path, EngineJson.Default.ContainerItemReplyArray, EngineClient.QuickLimit, cancellationToken);
        return [.. items.Select(EngineViews.Summary)];
    }

    public async IAsyncEnumerable<LogLine> LogsAsync(string container, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{EnginePath.Container(container)}/logs?stdout=1&stderr=1&tail={Math.Max(0, tail)}{(follow ? "&follow=1" : "")}");
        await using var stream = await engine.OpenAsync(HttpMethod.Get, path, null, cancellationToken);
        var frames = new LogFrames(stream.ReadAsync);
        var lines = new LogLines();
        while (await frames.NextAsync() is { IsEmpty: false } piece)
        {
            foreach (var line in lines.Add(frames.IsError, piece))
            {
                yield return line;
            }
        }

        foreach (var line in lines.Rest())
        {
            yield return line;
        }
    }

    public IAsyncEnumerable<ContainerEvent> EventsAsync(IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        // "From now on" is the moment of this call, not that of the first read: the engine repeats what happened in between.
        var since = time.GetUtcNow().ToUnixTimeMilliseconds() / 1000m;
        return EventsSinceAsync(since, labels, cancellationToken);
    }

    public async Task<ContainerStats> StatsAsync(string container, CancellationToken cancellationToken) =>
        EngineViews.Stats(await engine.GetAsync(EnginePath.Container(container) + "/stats?stream=false", EngineJson.Default.StatsReply, EngineClient.QuickLimit, cancellationToken));

    public async Task<ExecResult> ExecAsync(string container, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var created = await engine.PostAsync(
            EnginePath.Container(container) + "/exec",
            new CreateExecRequest(AttachStdout: true, AttachStderr: true, command),
            EngineJson.Default.CreateExecRequest,
            EngineJson.Default.IdReply,
            EngineClient.QuickLimit,
            cancellationToken);
        var path = EnginePath.Exec(IdOf(created));
        var (output, errors) = await ReadExecAsync(path, cancellationToken);
        return new ExecResult(await ExitCodeAsync(path, cancellationToken), output, errors);
    }

    public async Task CreateVolumeAsync(string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new CreateVolumeRequest(EnginePath.Checked(name, "volume"), "local", AgentLabels.WithPlatform(labels));
        await engine.PostAsync("/volumes/create", request, EngineJson.Default.CreateVolumeRequest, EngineJson.Default.NetworkReply, EngineClient.QuickLimit, cancellationToken);
    }

    public Task RemoveVolumeAsync(string name, CancellationToken cancellationToken) =>
        IgnoreMissingAsync(engine.DoAsync(HttpMethod.Delete, EnginePath.Volume(name), EngineClient.WorkLimit, cancellationToken));

    public async Task EnsureNetworkAsync(string name, CancellationToken cancellationToken)
    {
        // The engine also finds networks by the beginning of their id.
        if ((await engine.FindAsync(EnginePath.Network(name), EngineJson.Default.NetworkReply, cancellationToken))?.Name == name)
        {
            return;
        }

        var request = new CreateNetworkRequest(name, "bridge", CheckDuplicate: true, AgentLabels.WithPlatform(new Dictionary<string, string>(StringComparer.Ordinal)));
        try
        {
            await engine.PostAsync("/networks/create", request, EngineJson.Default.CreateNetworkRequest, EngineJson.Default.IdReply, EngineClient.WorkLimit, cancellationToken);
        }
        catch (EngineException taken) when (taken.Fault == EngineFault.Conflict)
        {
            // Another replica was quicker: there is one now.
        }
    }

    public async Task<ImageDetails?> InspectImageAsync(string image, CancellationToken cancellationToken) =>
        await engine.FindAsync(EnginePath.Image(image), EngineJson.Default.ImageReply, cancellationToken) is { } found ? EngineViews.Image(found) : null;

    private async IAsyncEnumerable<ContainerEvent> EventsSinceAsync(decimal since, IReadOnlyDictionary<string, string> labels, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/events?since={since:0.000}&filters={Filters(labels, "container")}");
        await using var stream = await engine.OpenAsync(HttpMethod.Get, path, null, cancellationToken);
        var events = new EventLines(stream.ReadAsync);
        while (await events.NextAsync() is { } next)
        {
            yield return EngineViews.Event(next);
        }

        throw new EngineException(EngineFault.Unreachable, "The container engine ended its stream of events.");
    }

    private async Task<(string Output, string Errors)> ReadExecAsync(string path, CancellationToken cancellationToken)
    {
        var start = EngineClient.Json(new StartExecRequest(Detach: false, Tty: false), EngineJson.Default.StartExecRequest);
        await using var stream = await engine.OpenAsync(HttpMethod.Post, path + "/start", start, cancellationToken);
        var frames = new LogFrames(stream.ReadAsync);
        using var output = new MemoryStream();
        using var errors = new MemoryStream();
        while (await frames.NextAsync() is { IsEmpty: false } piece)
        {
            var target = frames.IsError ? errors : output;
            if (target.Length + piece.Length > LongestExecOutput)
            {
                throw new EngineException(EngineFault.Failed, $"The command wrote more than {LongestExecOutput / (1024 * 1024)} MiB.");
            }

            target.Write(piece.Span);
        }

        return (Text(output), Text(errors));
    }

    // The output ends a moment before the engine has taken note of the exit.
    private async Task<int> ExitCodeAsync(string path, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(EngineClient.QuickLimit, time);
        while (!limit.IsCancellationRequested)
        {
            var exec = await engine.GetAsync(path + "/json", EngineJson.Default.ExecReply, EngineClient.QuickLimit, cancellationToken);
            if (exec is { Running: false, ExitCode: { } exitCode })
            {
                return exitCode;
            }

            await Task.Delay(ExecPoll, time, cancellationToken);
        }

        throw new EngineException(EngineFault.Failed, "The container engine does not say how the command ended.");
    }

    private static string Filters(IReadOnlyDictionary<string, string> labels, string? type = null)
    {
        var filters = new Dictionary<string, string[]>(StringComparer.Ordinal) { ["label"] = [.. labels.Select(label => $"{label.Key}={label.Value}")] };
        if (type is not null)
        {
            filters["type"] = [type];
        }

        return Uri.EscapeDataString(JsonSerializer.Serialize(filters, EngineJson.Default.DictionaryStringStringArray));
    }

    private static async Task IgnoreMissingAsync(Task removal)
    {
        try
        {
            await removal;
        }
        catch (EngineException gone) when (gone.Fault == EngineFault.NotFound)
        {
            // That is what was asked for.
        }
    }

    private static string IdOf(IdReply reply) =>
        reply.Id is { Length: > 0 } id ? id : throw new EngineException(EngineFault.Failed, "The container engine gave no id to what it made.");

    private static string Text(MemoryStream bytes) => Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
}
