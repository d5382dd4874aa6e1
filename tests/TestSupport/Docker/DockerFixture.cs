using Xunit;

namespace Trinity.TestSupport.Docker;

/// <summary>The container engine of a test assembly: one that runs on this machine, or else one of our own; <c>[assembly: AssemblyFixture(typeof(DockerFixture))]</c>.</summary>
/// <remarks>Nothing happens before the first test asks.</remarks>
public sealed class DockerFixture : IAsyncLifetime
{
    private readonly Lazy<Task<(DockerApi? Engine, string? Problem)>> _engine;
    private DockerEngine? _own;
    private DockerApi? _running;

    public DockerFixture() => _engine = new(FindAsync);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The engine with the small image <see cref="DockerTestImage.Reference"/>, or why there is none; skip the test then, and say so.</summary>
    public Task<(DockerApi? Engine, string? Problem)> EngineAsync() => _engine.Value;

    public async ValueTask DisposeAsync()
    {
        if (_running is { } running)
        {
            await running.SendAsync(HttpMethod.Delete, $"/images/{DockerTestImage.Reference}?force=1");
            running.Dispose();
        }

        if (_own is { } own)
        {
            await own.DisposeAsync();
        }
    }

    private async Task<(DockerApi? Engine, string? Problem)> FindAsync()
    {
        if (DockerTestImage.WhyImpossible() is { } noImage)
        {
            return (null, noImage);
        }

        var running = new DockerApi(Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } address ? address : "unix:///var/run/docker.sock");
        if (await running.AnswersAsync())
        {
            await DockerTestImage.ImportAsync(running);
            _running = running;
            return (running, null);
        }

        running.Dispose();
        (_own, var problem) = await DockerEngine.TryStartAsync();
        return (_own?.Api, problem is null ? null : $"no container engine runs here, and {problem}");
    }
}
