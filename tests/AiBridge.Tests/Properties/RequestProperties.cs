using System.Text;
using System.Text.Json;
using Trinity.AiBridge.Routing;
using Trinity.AiBridge.Tests.Routing;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>What is read off a request, and the one edit of it, against a reading of the whole document.</summary>
public sealed class RequestProperties
{
    private const string Member = "\"stream_options\":{\"include_usage\":true},";

    [Fact]
    public void Peek_OfADocument_IsThatOfTheReference() => PropertyCheck.Holds(JsonTexts.Any, JsonText.Shrink, body =>
    {
        foreach (var wholeBody in new[] { false, true })
        {
            if (Read(body, root => Reference(root, wholeBody)) is { } expected)
            {
                Assert.Equal(expected, RequestPeek.Read(body.Bytes, wholeBody));
            }
        }
    }, cases: 4000);

    [Fact]
    public void Peek_OfAnything_HasAModelOrSaysWhyNot() => PropertyCheck.Holds(JsonTexts.Any, JsonText.Shrink, body =>
    {
        foreach (var wholeBody in new[] { false, true })
        {
            var peek = RequestPeek.Read(body.Bytes, wholeBody);
            Assert.Equal(peek.Fault == PeekFault.None, peek.Model is { Length: > 0 });
            Assert.Equal(body.Bytes.Length == 0, peek.Fault == PeekFault.Empty);
        }
    }, cases: 4000);

    // Whoever may use only some models must not get another one past us: the model that we saw is the only one in the document.
    [Fact]
    public void Peek_OfTheWholeBody_SeesTheOnlyModel() => PropertyCheck.Holds(JsonTexts.Any, JsonText.Shrink, body =>
    {
        if (RequestPeek.Read(body.Bytes, wholeBody: true) is { Fault: PeekFault.None } peek
            && Read(body, root => string.Join('|', root.EnumerateObject().Where(IsModel).Select(member => member.Value.GetString()))) is { } models)
        {
            Assert.Equal(peek.Model, models);
        }
    }, cases: 4000);

    [Fact]
    public void UsageRequest_OfADocument_EditsExactlyTheStreamsWithoutOptions() => PropertyCheck.HoldsAsync(JsonTexts.Any, JsonText.Shrink, async text =>
    {
        if (Read(text, bool? (root) => StreamsWithoutOptions(root, text.Bytes)) is { } expected)
        {
            using var body = await RequestBodies.OfAsync(text.Bytes);
            Assert.Equal(expected, UsageRequest.TryInsert(body));
        }
    }, cases: 4000);

    [Fact]
    public void UsageRequest_OfAnything_LeavesTheBodyAloneOrPutsTheMemberIn() => PropertyCheck.HoldsAsync(JsonTexts.Any, JsonText.Shrink, async text =>
    {
        using var body = await RequestBodies.OfAsync(text.Bytes);

        var edited = UsageRequest.TryInsert(body);

        var at = text.Bytes.AsSpan().IndexOf((byte)'{') + 1;
        byte[] expected = edited ? [.. text.Bytes[..at], .. Encoding.UTF8.GetBytes(Member), .. text.Bytes[at..]] : text.Bytes;
        Assert.Equal(SplitBytes.Escape(expected), SplitBytes.Escape(body.Bytes.ToArray()));
        if (edited && Read(text, Members) is { } before)
        {
            Assert.Equal("stream_options: {\"include_usage\":true}\n" + before, Read(new JsonText(body.Bytes.ToArray()), Members));
        }
    }, cases: 4000);

    private static string Members(JsonElement root) => string.Join('\n', root.EnumerateObject().Select(member => $"{member.Name}: {member.Value.GetRawText()}"));

    private static bool IsModel(JsonProperty member) => member.Name.Equals("model", StringComparison.OrdinalIgnoreCase);

    private static RequestPeek? Reference(JsonElement root, bool wholeBody)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new RequestPeek(null, PeekFault.Malformed);
        }

        var models = root.EnumerateObject().Where(member => wholeBody ? IsModel(member) : member.Name == "model").Take(wholeBody ? int.MaxValue : 1).Select(member => Text(member.Value)).ToList();
        var seen = models.TakeWhile(model => model.Fault == PeekFault.None).Take(2).Count();
        return (seen, models.Count) switch
        {
            (0, 0) => new RequestPeek(null, PeekFault.NoModel),
            (2, _) => new RequestPeek(null, PeekFault.AmbiguousModel),
            _ when seen == models.Count => models[0],
            _ => models[seen],
        };
    }

    private static RequestPeek Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? new(text, PeekFault.None) : new(null, PeekFault.NoModel);
        }
        catch (InvalidOperationException)
        {
            return new(null, PeekFault.Malformed); // a string that is no text
        }
    }

    private static bool StreamsWithoutOptions(JsonElement root, byte[] body) =>
        root.ValueKind == JsonValueKind.Object
        && body.AsSpan().IndexOf("\"stream\""u8) >= 0 // written with escapes, it is not found; nobody writes it so
        && !root.EnumerateObject().Any(member => member.Name == "stream_options")
        && root.EnumerateObject().LastOrDefault(member => member.Name == "stream").Value.ValueKind == JsonValueKind.True;

    /// <summary>Reads the whole document; null when it is none, or when a name or text of it is no text.</summary>
    private static T? Read<T>(JsonText text, Func<JsonElement, T?> read)
    {
        try
        {
            using var document = JsonDocument.Parse(text.Bytes);
            return read(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return default;
        }
    }
}
