using System.Text;

namespace Trinity.Contract.Tests.WireMock;

/// <summary>One call of a contract and its reply.</summary>
internal sealed record Stub
{
    public required string Name { get; init; }

    public required HttpMethod Method { get; init; }

    /// <summary>The bytes that the call has to bring, exactly.</summary>
    public required byte[] RequestBody { get; init; }

    public required int Status { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required byte[] Body { get; init; }

    public string BodyText => Encoding.UTF8.GetString(Body);
}
