using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Headers are the client's to choose: whatever they say, the request is served, and what is read off them stays small.</summary>
public sealed class DetectorProperties
{
    private static readonly string[] Clients =
    [
        "Mux", "Claude Code", "Codex", "Zed", "GitHub Copilot (VS Code)", "GitHub Copilot (CLI)", "Kilo Code", "Roo Code", "Coder Agents", "Charm Crush", "OpenCode", "Cursor", "Unknown",
    ];

    private static readonly string[] Names =
    [
        "User-Agent", "originator", "x-cursor-client-version", "X-Claude-Code-Session-Id", "session-id", "session_id", "X-Mux-Workspace-Id", "x-interaction-id", "X-Client-Session-Id", "X-KILOCODE-TASKID",
        "X-Coder-Chat-Id", "X-OpenCode-Session", "x-session-affinity", "Cookie", "X-Trinity-Key",
    ];

    private static readonly Gen<string?> Text = Gen.OneOf(
        Gen.Elements<string?>(null, "", " ", "\t\0", "claude-cli/2", "CODEX", "codex_cli_rs", "mux/", "kilo-code", "copilot/1", "\ud800", "😀", new string('ü', 300), new string('x', 255) + "😀", "_session_", "{\"session_id\":"),
        Gen.Choose(0, 0xffff).Select(value => (char)value).ListOf().Select(string? (characters) => string.Concat(characters)));

    private static readonly Gen<HeaderDictionary> Headers = (from name in Gen.Elements(Names) from values in Text.ListOf() select (name, values)).ListOf().Select(headers =>
    {
        var dictionary = new HeaderDictionary();
        foreach (var (name, values) in headers)
        {
            dictionary[name] = new StringValues([.. values.Take(3)]);
        }

        return dictionary;
    });

    private static readonly Gen<JsonText> Bodies = Gen.Frequency(
        (4, JsonTexts.Any),
        (4, from start in Gen.Elements("{\"metadata\":", "{\"x\":1,\"metadata\" : ", "\"metadata\"", "{\"metadata\":{\"user_id\":", "{\"metadata\":{\"user_id\":\"{", "{\"metadata\":{\"user_id\":\"\\ud800_session_1\"}}", "{\"metadata\":{\"\\ud800\":1,\"user_id\":\"a_session_b\"}}")
            from rest in JsonTexts.Any
            select new JsonText([.. System.Text.Encoding.UTF8.GetBytes(start), .. rest.Bytes])));

    [Fact]
    public void Client_OfAnyHeaders_IsOneOfTheKnown() => PropertyCheck.Holds(Headers, headers => Assert.Contains(ClientDetector.Detect(headers), Clients), cases: 2000);

    [Fact]
    public void Session_OfAnyHeadersAndBody_IsNoneOrAShortText() => PropertyCheck.Holds(
        from headers in Headers from body in Bodies from client in Gen.Elements(Clients) select (headers, body, client),
        request =>
        {
            var session = SessionDetector.Detect(request.client, request.headers, request.body.Bytes);

            Assert.True(session is null or { Length: > 0 and <= 256 });
        },
        cases: 4000);
}
