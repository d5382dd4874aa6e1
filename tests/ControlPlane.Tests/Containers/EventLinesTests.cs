using System.Text;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class EventLinesTests
{
    private const string Two = """
        {"Type":"container","Action":"start","Actor":{"ID":"c1","Attributes":{"name":"ä"}},"timeNano":1700000000123456789}

        {"Type":"container","Action":"exec_create: cat /run/secret","Actor":{"ID":"c2","Attributes":{}},"timeNano":1}

        """;

    [Fact]
    public async Task Events_SplitAnywhere_AreTheSame()
    {
        var bytes = Encoding.UTF8.GetBytes(Two);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var events = await ReadAsync(bytes, size);
            Assert.Equal(["start c1", "exec_create c2"], events.Select(next => $"{next.Action} {next.ContainerId}"));
            Assert.Equal("ä", events[0].Labels["name"]);
            Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(17000000001234567), events[0].At);
        }
    }

    [Fact]
    public async Task Events_HalfAtTheEnd_IsLeftOut() => Assert.Single(await ReadAsync(Encoding.UTF8.GetBytes(Two)[..^5], 50));

    [Theory]
    [InlineData("no json\n")]
    [InlineData("null\n")]
    [InlineData("[1]\n")]
    public async Task Events_Garbage_IsRefused(string text)
    {
        var refused = await Assert.ThrowsAsync<EngineException>(() => ReadAsync(Encoding.UTF8.GetBytes(text), 100));
        Assert.Equal(EngineFault.Failed, refused.Fault);
    }

    [Fact]
    public async Task Events_LineWithoutEnd_IsRefused() =>
        await Assert.ThrowsAsync<EngineException>(() => ReadAsync(new byte[2 * 1024 * 1024], 64 * 1024));

    private static async Task<List<ContainerEvent>> ReadAsync(byte[] bytes, int pieceSize)
    {
        using var source = new MemoryStream(bytes);
        var lines = new EventLines(buffer => Task.FromResult(source.Read(buffer.Span[..Math.Min(pieceSize, buffer.Length)])));
        var events = new List<ContainerEvent>();
        while (await lines.NextAsync() is { } next)
        {
            events.Add(EngineViews.Event(next));
        }

        return events;
    }
}
