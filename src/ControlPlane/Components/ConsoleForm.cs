using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Net.Http.Headers;
using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Components;

/// <summary>A form that was sent to the console.</summary>
internal sealed class ConsoleForm(IFormCollection fields)
{
    private const string ContentType = "application/x-www-form-urlencoded";

    /// <exception cref="BadHttpRequestException">400 and 413 for more than any of our forms has, 415 for what is no form, or one with files.</exception>
    public static async Task<ConsoleForm> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            throw new BadHttpRequestException("This takes a form.", StatusCodes.Status415UnsupportedMediaType);
        }

        try
        {
            return new ConsoleForm(await request.ReadFormAsync(cancellationToken));
        }
        catch (InvalidDataException excess)
        {
            throw new BadHttpRequestException(excess.Message);
        }
    }

    /// <summary>What was typed, without spaces around it; empty: nothing.</summary>
    public string this[string name] => fields[name].ToString().Trim();

    /// <summary>What was typed as the body of an API call, so that the API's own checks are made; what was left empty is omitted.</summary>
    public static JsonFields ToJson(params IEnumerable<(string Name, string Value)> members)
    {
        var json = new JsonObject();
        foreach (var (name, value) in members.Where(member => member.Value.Length > 0))
        {
            json[name] = value;
        }

        using var document = JsonDocument.Parse(json.ToJsonString());
        return new JsonFields(document.RootElement.Clone(), "", []);
    }

    /// <summary>The form as it is shown again: with what was wrong, and with what was typed into <paramref name="kept"/>, which are no secrets.</summary>
    public FormState Failed(Problem problem, params IReadOnlyList<string> kept) => new()
    {
        Values = kept.ToDictionary(name => name, name => this[name], StringComparer.Ordinal),
        Errors = (problem.Errors ?? []).ToLookup(error => error.Field, error => error.Message, StringComparer.Ordinal),
        Message = problem.Status == StatusCodes.Status412PreconditionFailed ? "It was changed by somebody else meanwhile. This is how it is now." : problem.Detail,
    };
}
