using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.OperatorTokens;

/// <summary>The rules of operator tokens: one active token per name, and never without an admin.</summary>
internal sealed partial class OperatorTokenService(OperatorTokenStore store, AuditTrail trail, WriteTransactions writes, TimeProvider time)
{
    public static bool IsName(string text) => NamePattern().IsMatch(text) && !Guid.TryParseExact(text, "D", out _);

    public Task<IReadOnlyList<OperatorTokenRow>> ListAsync(CancellationToken cancellationToken) => store.ListActiveAsync(cancellationToken);

    /// <summary>Makes a token and returns it, this once.</summary>
    public async Task<Outcome<Written<NewOperatorToken>>> CreateAsync(string? name, string? role, IReadOnlyList<ConfigError> shapeErrors, string actor, CancellationToken cancellationToken)
    {
        if (Check(name, role, shapeErrors) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        await using var write = await writes.BeginAsync(cancellationToken);
        if (await store.FindActiveAsync(write.Connection, new IdOrName(null, name), cancellationToken) is not null)
        {
            return Problem.Conflict($"An operator token named '{name}' exists already.", "name");
        }

        var token = await AddAsync(write, name!, role!, actor, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<NewOperatorToken>(token, generation);
    }

    /// <summary>Makes a token inside the caller's transaction.</summary>
    public async Task<NewOperatorToken> AddAsync(WriteTransaction write, string name, string role, string actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var token = OperatorToken.Create();
        var row = new OperatorTokenRow { Id = Guid.CreateVersion7(now), Name = name, Role = role, Hint = SecretHint.Of(token), CreatedAt = now.UtcDateTime };
        await store.InsertAsync(write.Connection, row, OperatorToken.Hash(token), cancellationToken);
        var details = new JsonObject { ["id"] = row.Id, ["role"] = role, ["hint"] = row.Hint };
        await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.OperatorTokenCreate, "operator_token", name) { Details = details }, cancellationToken);
        return new NewOperatorToken(row, token);
    }

    public async Task<Outcome<Written<Guid>>> RevokeAsync(IdOrName target, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await store.FindActiveAsync(write.Connection, target, cancellationToken) is not { } row)
        {
            return Problem.NotFound($"There is no active operator token '{target}'.");
        }

        if (row.Role == OperatorRoles.Admin && await store.CountActiveAsync(write.Connection, OperatorRoles.Admin, cancellationToken) == 1)
        {
            return Problem.Conflict("This is the last admin token; create another one first.");
        }

        await store.RevokeAsync(write.Connection, row.Id, time.GetUtcNow(), cancellationToken);
        var details = new JsonObject { ["id"] = row.Id, ["role"] = row.Role, ["hint"] = row.Hint };
        await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.OperatorTokenRevoke, "operator_token", row.Name) { Details = details }, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<Guid>(row.Id, generation);
    }

    private static List<ConfigError> Check(string? name, string? role, IReadOnlyList<ConfigError> shapeErrors)
    {
        var errors = shapeErrors.ToList();
        if ((name is null || !IsName(name)) && shapeErrors.All(error => error.Field != "name"))
        {
            errors.Add(new("name", "A name of 1 to 64 letters, digits and . _ @ - is required; it must not look like an id (a UUID)."));
        }

        if (role is not (OperatorRoles.Admin or OperatorRoles.Viewer) && shapeErrors.All(error => error.Field != "role"))
        {
            errors.Add(new("role", $"The role must be {OperatorRoles.Admin} or {OperatorRoles.Viewer}."));
        }

        return errors;
    }

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}

/// <summary>A token just made, with the secret that is shown only now.</summary>
internal sealed class NewOperatorToken(OperatorTokenRow row, string token)
{
    public OperatorTokenRow Row => row;

    public string Token => token;
}
