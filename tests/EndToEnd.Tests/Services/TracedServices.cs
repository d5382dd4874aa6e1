namespace Trinity.EndToEnd.Tests.Services;

/// <summary>The services with a collector that they export their traces to, over OTLP and HTTP.</summary>
public sealed class TracedServices : TrinityServices
{
    internal FakeProvider Collector { get; private set; } = null!;

    protected override IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Collector.BaseUrl,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
    };

    public override async ValueTask InitializeAsync()
    {
        Collector = await FakeProvider.StartAsync(new FakeProviderOptions { VerifiesOnDispose = false });
        Collector.Respond(_ => FakeReply.Bytes(200, "application/x-protobuf", default));
        await base.InitializeAsync();
    }
}
