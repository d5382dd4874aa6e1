using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Http;

/// <summary>An expected failure of an operation; becomes RFC 9457 problem details.</summary>
internal sealed record Problem(int Status, string Title, string Detail, IReadOnlyList<ConfigError>? Errors = null)
{
    public static Problem Invalid(IReadOnlyList<ConfigError> errors) =>
        new(StatusCodes.Status400BadRequest, "Invalid request", errors.Count == 1 ? errors[0].Message : $"{errors.Count} things are wrong; see errors.", errors);

    public static Problem Invalid(string field, string message) => Invalid([new ConfigError(field, message)]);

    public static Problem NotFound(string detail) => new(StatusCodes.Status404NotFound, "Not found", detail);

    public static Problem Conflict(string detail, string? field = null) =>
        new(StatusCodes.Status409Conflict, "Conflict", detail, field is null ? null : [new ConfigError(field, detail)]);

    public static Problem Stale(long current) =>
        new(StatusCodes.Status412PreconditionFailed, "Precondition failed", $"If-Match names another version; the current one is \"{current}\". Read it again, then decide.");

    /// <summary>The messages for each field; null: it is not about fields.</summary>
    public Dictionary<string, string[]>? ErrorsByField() => Errors?
        .GroupBy(error => error.Field, StringComparer.Ordinal)
        .ToDictionary(group => group.Key, group => group.Select(error => error.Message).Distinct(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);

    public ProblemHttpResult ToResult()
    {
        var errors = ErrorsByField();
        return TypedResults.Problem(Detail, statusCode: Status, title: Title, extensions: errors is null ? null : [new("errors", errors)]);
    }
}

/// <summary>What an operation gives: a value, or why not.</summary>
internal readonly struct Outcome<T>
{
    private readonly T? _value;
    private readonly Problem? _problem;

    private Outcome(T? value, Problem? problem) => (_value, _problem) = (value, problem);

    public static Outcome<T> From(T value) => new(value, null);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Problem problem) => new(default, problem);

    /// <summary>True with the problem, or false with the value.</summary>
    public bool Failed([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Problem? problem, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(true)] out T value)
    {
        (problem, value) = (_problem, _value);
        return problem is not null;
    }
}

internal static class Outcome
{
    /// <summary>A value whose type is an interface, which no implicit conversion takes.</summary>
    public static Outcome<T> Of<T>(T value) => Outcome<T>.From(value);
}
