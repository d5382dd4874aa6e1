using System.Net;
using System.Text.RegularExpressions;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Console;

/// <summary>A browser's requests to the console, as one operator or as nobody. Every reply is searched for planted secrets, and for what every page must say of itself.</summary>
internal sealed class ConsoleClient : IDisposable
{
    private readonly HttpClient _http;

    public ConsoleClient(ControlPlaneHost host, string? session = null)
    {
        _http = LoopbackHttp.CreateClient(host.BaseUrl);
        Session = session;
    }

    /// <summary>The session cookie's value; null: none is sent.</summary>
    public string? Session { get; set; }

    /// <summary>The first operator, signed in.</summary>
    public static async Task<ConsoleClient> SignInAsync(ControlPlaneHost host, string? token = null)
    {
        token ??= (await File.ReadAllTextAsync(host.TokenFile, Timeouts.Token)).Trim();
        Canaries.Plant("operator-token", token);
        var client = new ConsoleClient(host);
        var reply = (await client.PostAsync("/console/sign-in", ("token", token))).Is(303);
        client.Session = Regex.Match(reply.SetCookie!, "^trinity_operator=(?<token>[^;]*)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["token"].Value;
        return client;
    }

    /// <summary>Somebody who may only look, signed in.</summary>
    public static async Task<ConsoleClient> SignInViewerAsync(ControlPlaneHost host, ApiClient admin) =>
        await SignInAsync(host, (await admin.PostAsync("operator-tokens", $$"""{"name": "{{SharedHost.NewName()}}", "role": "viewer"}""")).Is(201).At("token")!);

    public Task<ConsoleReply> GetAsync(string path, string accept = "text/html") => SendAsync(new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", accept } } });

    /// <summary>Sends a form as a page of the console does.</summary>
    public Task<ConsoleReply> PostAsync(string path, params IEnumerable<(string Name, string Value)> fields) => SendAsync(Form(path, fields, ("Sec-Fetch-Site", "same-origin")));

    public static HttpRequestMessage Form(string path, IEnumerable<(string Name, string Value)> fields, params IEnumerable<(string Name, string Value)> headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))),
        };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    public async Task<ConsoleReply> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            if (Session is not null)
            {
                request.Headers.TryAddWithoutValidation("Cookie", $"trinity_operator={Session}");
            }

            var isConsole = request.RequestUri!.OriginalString.Split('?')[0] is var path && (path == "/console" || path.StartsWith("/console/", StringComparison.Ordinal));
            using var response = await _http.SendAsync(request, Timeouts.Token);
            var text = await response.Content.ReadAsStringAsync(Timeouts.Token);
            var headers = response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            headers.Remove("Set-Cookie", out var cookie);
            Canaries.AssertAbsentFrom($"{text}\n{string.Join('\n', headers)}", $"The reply to {request.Method} {request.RequestUri}");
            var reply = new ConsoleReply(response.StatusCode, text, headers, cookie);
            if (isConsole)
            {
                reply.IsGuarded();
            }

            return reply;
        }
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>A reply of the console, read to its end.</summary>
internal sealed partial record ConsoleReply(HttpStatusCode Status, string Html, IReadOnlyDictionary<string, string> Headers, string? SetCookie)
{
    /// <summary>What a reader sees: without tags, with what was encoded decoded, its spaces made one.</summary>
    public string Text => Spaces().Replace(WebUtility.HtmlDecode(Tags().Replace(Html, " ")), " ");

    public string? Location => Headers.GetValueOrDefault("Location");

    public ConsoleReply Is(int status)
    {
        Assert.True((int)Status == status, $"Expected {status}, got {(int)Status}: {Html}");
        return this;
    }

    /// <summary>Fails unless the reply is a page of the console of this status.</summary>
    public ConsoleReply IsPage(int status)
    {
        Is(status);
        Assert.Equal("text/html; charset=utf-8", Headers.GetValueOrDefault("Content-Type"));
        Assert.StartsWith("<!DOCTYPE html>\n<html lang=\"en\">", Html, StringComparison.Ordinal);
        Assert.Matches("<title>[^<]+ – Trinity</title>", WebUtility.HtmlDecode(Html));
        Assert.DoesNotContain("<script", Html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(@"<[^>]*\s(on\w+|style)=", AttributeValues().Replace(Html, "")); // nor what the policy would stop
        return this;
    }

    /// <summary>The part of the page between two texts of its source.</summary>
    public ConsoleReply Between(string from, string to)
    {
        var start = Html.IndexOf(from, StringComparison.Ordinal);
        Assert.True(start >= 0, $"There is no {from} in {Html}");
        var end = Html.IndexOf(to, start, StringComparison.Ordinal);
        return this with { Html = end < 0 ? Html[start..] : Html[start..end] };
    }

    /// <summary>The page's part about one subscription.</summary>
    public ConsoleReply RowOf(string subscription) => Between($"<th scope=\"row\">{subscription}</th>", "</tbody>");

    /// <summary>The page's part about one agent in the list of agents.</summary>
    public ConsoleReply LineOf(string agent) => Between($"<a href=\"/console/agents/{agent}\"", "</tr>");

    /// <summary>The value of the hidden field <c>version</c> of the form that is sent to this path.</summary>
    public string VersionFor(string action) => Between($"action=\"{action}\"", "</form>").ValueOf("version");

    public string ValueOf(string field)
    {
        var match = Regex.Match(Html, $"name=\"{field}\"[^>]*?value=\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.True(match.Success, $"There is no value of {field} in {Html}");
        return WebUtility.HtmlDecode(match.Groups["value"].Value);
    }

    public void IsGuarded()
    {
        Assert.Equal("default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'", Headers.GetValueOrDefault("Content-Security-Policy"));
        Assert.Equal(("same-origin", "nosniff", "no-store"), (Headers.GetValueOrDefault("Referrer-Policy"), Headers.GetValueOrDefault("X-Content-Type-Options"), Headers.GetValueOrDefault("Cache-Control")));
    }

    [GeneratedRegex("\"[^\"]*\"", RegexOptions.None, 1000)]
    private static partial Regex AttributeValues();

    [GeneratedRegex("<[^>]*>", RegexOptions.None, 1000)]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Spaces();
}
