using System.Text.RegularExpressions;
using Npgsql;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Providers;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Agents;

/// <summary>What an agent must satisfy; every error at once, on top of those in the body's shape.</summary>
internal sealed partial class AgentRules(ProviderStore providers, SubscriptionStore subscriptions, CandidateLoader candidates, AgentImages images, TimeProvider time)
{
    public const string Codex = "codex";
    public const string Command = "command";

    private const int MaxCommand = 64;

    private static readonly string[] Runtimes = ["claude-code", Codex, Command];

    // The agent server refuses to start with these: they are what it sets itself, from the credential.
    private static readonly string[] CredentialVariables =
        ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "CODEX_API_KEY", "OPENAI_API_KEY", "TRINITY_VIRTUAL_KEY"];

    public static bool IsName(string text) => NamePattern().IsMatch(text);

    public static bool IsVariable(string name) => VariablePattern().IsMatch(name)
        && !name.StartsWith("TRINITY_", StringComparison.OrdinalIgnoreCase)
        && !CredentialVariables.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The row that the request asks for, without secrets.</summary>
    public async Task<Outcome<WantedAgent>> ReadAsync(NpgsqlConnection connection, CreateAgentRequest request, AgentRow defaults, CancellationToken cancellationToken)
    {
        var errors = request.Errors.ToList();
        if ((request.Name is null || !IsName(request.Name)) && errors.TrueForAll(error => error.Field != "name"))
        {
            errors.Add(new("name", "A name of 1 to 40 lower-case letters, digits and - is required; it begins with a letter."));
        }

        CheckChoice(request.Runtime, "runtime", Runtimes, isRequired: true, errors);
        CheckChoice(request.Auth, "auth", [AgentAuth.None, AgentAuth.ApiKey, AgentAuth.Subscription], isRequired: false, errors);
        CheckChoice(request.Via, "via", [AgentVia.Bridge, AgentVia.Provider], isRequired: false, errors);
        var image = request.Image ?? defaults.Image;
        CheckImage(image, errors);
        CheckCommand(request.Command, request.Runtime, errors);
        var auth = request.Auth ?? (request.Subscription is null ? AgentAuth.ApiKey : AgentAuth.Subscription);
        var choice = auth == AgentAuth.Subscription && request.Subscription is null ? await PlaceAsync(connection, request.Runtime, errors, cancellationToken) : null;
        var subscription = choice?.Target?.Row ?? (choice is null ? await SubscriptionAsync(connection, auth, request.Subscription, request.Runtime, errors, cancellationToken) : null);
        var provider = await ProviderAsync(connection, request.Provider, request.Runtime, isNeeded: auth != AgentAuth.None, errors, cancellationToken);
        if (errors.Count > 0)
        {
            return Problem.Invalid(errors);
        }

        var row = defaults with
        {
            Name = request.Name!,
            Runtime = request.Runtime!,
            Image = image,
            Auth = auth,
            SubscriptionId = subscription?.Id,
            Provider = provider,
            Via = request.Via ?? AgentVia.Bridge,
            Command = request.Command?.ToArray() ?? [],
            Environment = ToJson(request.Environment),
        };
        return new WantedAgent(request.Resources?.ApplyTo(row) ?? row, choice);
    }

    /// <summary>What is wrong with giving <paramref name="agent"/> the subscription that <paramref name="name"/> names.</summary>
    public async Task<Outcome<SubscriptionRow>> SubscriptionOfAsync(NpgsqlConnection connection, AgentRow agent, string name, CancellationToken cancellationToken)
    {
        var errors = new List<ConfigError>();
        var subscription = await SubscriptionAsync(connection, AgentAuth.Subscription, name, agent.Runtime, errors, cancellationToken);
        return subscription is not null && errors.Count == 0 ? subscription : Problem.Invalid(errors);
    }

    /// <summary>What is wrong with an update; else the provider's name.</summary>
    public async Task<Outcome<string?>> CheckAsync(NpgsqlConnection connection, UpdateAgentRequest request, AgentRow agent, CancellationToken cancellationToken)
    {
        var errors = request.Errors.ToList();
        CheckChoice(request.Via, "via", [AgentVia.Bridge, AgentVia.Provider], isRequired: false, errors);
        CheckChoice(request.Auth, "auth", [AgentAuth.None, AgentAuth.ApiKey], isRequired: false, errors);
        var auth = request.Auth ?? agent.Auth;
        var provider = await ProviderAsync(connection, request.Provider ?? agent.Provider, agent.Runtime, isNeeded: auth != AgentAuth.None, errors, cancellationToken);
        return errors.Count > 0 ? Problem.Invalid(errors) : provider;
    }

    public IReadOnlyList<ConfigError> Check(RecreateAgentRequest request, AgentRow agent)
    {
        var errors = request.Errors.ToList();
        CheckImage(request.Image ?? agent.Image, errors);
        CheckCommand(request.Command ?? agent.Command, agent.Runtime, errors);
        return errors;
    }

    public static string ToJson(IReadOnlyDictionary<string, string>? environment) =>
        System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string>(environment ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal), ControlPlaneJson.Default.DictionaryStringString);

    private static void CheckChoice(string? value, string field, string[] choices, bool isRequired, List<ConfigError> errors)
    {
        if (value is null ? isRequired && errors.TrueForAll(error => error.Field != field) : !choices.Contains(value, StringComparer.Ordinal))
        {
            errors.Add(new(field, $"This must be one of {string.Join(", ", choices)}."));
        }
    }

    private static void CheckCommand(IReadOnlyList<string>? command, string? runtime, List<ConfigError> errors)
    {
        if (runtime == Command && command is null or { Count: 0 })
        {
            errors.Add(new("command", "The runtime 'command' needs a program to run."));
        }
        else if (runtime != Command && command is { Count: > 0 })
        {
            errors.Add(new("command", "Only the runtime 'command' takes one."));
        }
        else if (command?.Count > MaxCommand)
        {
            errors.Add(new("command", $"At most {MaxCommand} arguments are allowed."));
        }
    }

    private void CheckImage(string image, List<ConfigError> errors)
    {
        if (images.WhyRefused(image) is { } reason)
        {
            errors.Add(new("image", reason));
        }
    }

    private async Task<SubscriptionRow?> SubscriptionAsync(NpgsqlConnection connection, string auth, string? name, string? runtime, List<ConfigError> errors, CancellationToken cancellationToken)
    {
        if (auth != AgentAuth.Subscription)
        {
            if (name is not null)
            {
                errors.Add(new("subscription", $"An agent with auth {auth} has no subscription."));
            }

            return null;
        }

        CheckRuntime(runtime, errors);
        var found = IdOrName.TryParse(name ?? "", VirtualKeyRules.IsName, out var target) ? await subscriptions.FindAsync(connection, target, cancellationToken) : null;
        if (found is null)
        {
            errors.Add(new("subscription", $"There is no subscription '{name}'."));
        }

        return found;
    }

    // Omitted: the one with the most room. An operator who names one is obeyed, however full it is.
    private async Task<SwitchPlan> PlaceAsync(NpgsqlConnection connection, string? runtime, List<ConfigError> errors, CancellationToken cancellationToken)
    {
        CheckRuntime(runtime, errors);
        var now = time.GetUtcNow();
        var choice = SwitchDecider.Place(await candidates.LoadAsync(connection, now, cancellationToken), now);
        if (choice.Target is null)
        {
            var reasons = string.Concat(choice.Candidates.Select(each => $" {each.Subscription}: {each.Reason}"));
            errors.Add(new("subscription", $"There is no subscription that could be given out now: register one, or name one.{reasons}"));
        }

        return choice;
    }

    private static void CheckRuntime(string? runtime, List<ConfigError> errors)
    {
        if (runtime == Codex)
        {
            errors.Add(new("auth", "Codex does not work with a subscription of Claude's; use api_key."));
        }
    }

    // Omitted: the provider that is named like the runtime's vendor, or else the first of its type.
    private async Task<string?> ProviderAsync(NpgsqlConnection connection, string? name, string? runtime, bool isNeeded, List<ConfigError> errors, CancellationToken cancellationToken)
    {
        var all = await providers.ListAsync(connection, cancellationToken);
        var type = runtime == Codex ? ProviderTypes.OpenAi : ProviderTypes.Anthropic;
        var found = name is null
            ? all.FirstOrDefault(provider => provider.Name == type) ?? all.FirstOrDefault(provider => provider.Type == type)
            : all.FirstOrDefault(provider => provider.Name == name);
        if (found is null && (isNeeded || name is not null))
        {
            errors.Add(new("provider", name is null ? $"There is no provider of type {type} yet; create one, or name another." : $"There is no provider '{name}'."));
        }

        return found?.Name;
    }

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,39}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VariablePattern();
}

/// <summary>An agent as it was asked for.</summary>
/// <param name="Row">Without secrets.</param>
/// <param name="Choice">How its subscription was chosen; null: it was named, or it has none.</param>
internal sealed record WantedAgent(AgentRow Row, SwitchPlan? Choice);
