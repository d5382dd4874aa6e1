using System.Text.Json;
using Trinity.AgentServer.Redaction;

namespace Trinity.AgentServer.Tests.Redaction;

/// <summary>T-36: what is masked, and what is left alone.</summary>
public sealed class RedactorTests
{
    private const string Random = "abcdEFGH0123456789ijkl";
    private const string Known = "plain-value-without-any-shape";

    private readonly Redactor _redactor = new([Known, "quo\"ted\\and/slashed+plus"]);

    [Theory]
    [InlineData($"use {Known}!", "use ***!")]
    [InlineData($"{Known}{Known}", "******")]
    [InlineData("https://x/?q=quo%22ted%5Cand%2Fslashed%2Bplus", "https://x/?q=***")]
    [InlineData("cut {\"a\": \"quo\\\"ted\\\\and/slashed+plus", "cut {\"a\": \"***")]
    [InlineData($"sk-ant-oat01-{Random}", "***")]
    [InlineData($"a sk-proj-{Random}, b", "a ***, b")]
    [InlineData($"x_sk-{Random}", "x_***")]
    [InlineData($"ghp_{Random} github_pat_{Random} gho_{Random} ghs_{Random} ghr_{Random}", "*** *** *** *** ***")]
    [InlineData($"xoxb-{Random} AKIA0123456789ABCDEF trk_{Random}", "*** *** ***")]
    [InlineData($"Authorization: Bearer {Random}", "Authorization: ***")]
    [InlineData($"a bearer {Random} b", "a bearer *** b")]
    [InlineData("Basic dXNlcjpwYXNz", "Basic ***")]
    [InlineData("API_KEY=short", "API_KEY=***")]
    [InlineData("export MY_SECRET='a b c'; ls", "export MY_SECRET='***'; ls")]
    [InlineData("a=1&token=x", "a=1&token=***")]
    [InlineData("a=1&token=x&b=2&password=y&c=3", "a=1&token=***&b=2&password=***&c=3")]
    [InlineData("https://h/p?x=1&access_token=abc#f", "https://h/p?x=1&access_token=***")]
    [InlineData("password : hunter2", "password : ***")]
    [InlineData("--api-key abc --verbose", "--api-key *** --verbose")]
    [InlineData("say \\\"token\\\": \\\"abc\\\" again", "say \\\"token\\\": \\\"***\\\" again")]
    [InlineData("DB_PASSWORD=\"a\\\"b\" x", "DB_PASSWORD=\"***\" x")]
    [InlineData("CLAUDE_CODE_OAUTH_TOKEN=x", "CLAUDE_CODE_OAUTH_TOKEN=***")]
    public void Redact_Secret_IsMasked(string text, string expected) => Assert.Equal(expected, _redactor.Redact(text));

    [Theory]
    [InlineData("the task-list of desk-top-computing-machines")]
    [InlineData("sk-learn is a library")]
    [InlineData("basic functionality, bearer bonds")]
    [InlineData("input_tokens: 25, max_tokens=100")]
    [InlineData("author: Jane")]
    [InlineData("a token is a token")]
    [InlineData("""{"type":"result","usage":{"input_tokens":25,"cost":1.50},"big":12345678901234567890}""")]
    [InlineData("")]
    public void Redact_NoSecret_IsTheSameObject(string text) => Assert.Same(text, _redactor.Redact(text));

    [Theory]
    [InlineData("""{"a":["x","sk-ant-oat01-abcdEFGH0123456789"]}""", """{"a":["x","***"]}""")]
    [InlineData("""{"token":"x","n":{"password":["a",1,{"b":"c"}]}}""", """{"token":"***","n":{"password":["***",1,{"b":"***"}]}}""")]
    [InlineData("""{"a":"quo\u0022ted\\and\/slashed\u002bplus"}""", """{"a":"***"}""")]
    [InlineData("""{"a":"\u0073k-ant-oat01-abcdEFGH0123456789"}""", """{"a":"***"}""")]
    [InlineData("""{"sk-ant-oat01-abcdEFGH0123456789":1}""", """{"***":1}""")]
    [InlineData("""[1.50,"a=1&token=x"]""", """[1.50,"a=1&token=***"]""")]
    public void Redact_Json_IsMaskedAndStaysJson(string text, string expected) => Assert.Equal(expected, _redactor.Redact(text));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(7)]
    public void Redact_JsonInsideJsonStrings_IsMaskedAtEveryDepth(int depth)
    {
        var text = JsonSerializer.Serialize(new { password = "hunter2-hunter2", list = new[] { Known, $"ghp_{Random}" } });
        for (var i = 0; i < depth; i++)
        {
            text = JsonSerializer.Serialize(new { inner = text });
        }

        var redacted = _redactor.Redact(text);

        Assert.DoesNotContain("hunter2", redacted, StringComparison.Ordinal);
        Assert.DoesNotContain(Known, redacted, StringComparison.Ordinal);
        Assert.DoesNotContain(Random, redacted, StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_LongerOfTwoKnownValues_IsMaskedWhole() =>
        Assert.Equal("***", new Redactor(["secret-value", "secret-value-and-more"]).Redact("secret-value-and-more"));

    [Fact]
    public void UseCredentials_ReplacesThoseBefore_AndKeepsTheFixedOnes()
    {
        _redactor.UseCredentials(["first-credential"]);
        Assert.Equal("*** ***", _redactor.Redact($"first-credential {Known}"));
        _redactor.UseCredentials(["second-credential"]);
        Assert.Equal("first-credential *** ***", _redactor.Redact($"first-credential second-credential {Known}"));
    }
}
