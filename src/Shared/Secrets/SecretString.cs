namespace Trinity.Shared.Secrets;

/// <summary>A credential in memory, whose text form is always masked.</summary>
/// <remarks>The value leaves this type only through <see cref="Reveal"/>, which makes every use of a secret easy to find.</remarks>
public sealed class SecretString : IEquatable<SecretString>
{
    private readonly string _value;

    /// <summary>Wraps <paramref name="value"/>.</summary>
    /// <exception cref="ArgumentException">The value is empty.</exception>
    public SecretString(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        _value = value;
    }

    /// <summary>What may be shown of it: see <see cref="SecretHint"/>.</summary>
    public string Hint => SecretHint.Of(_value);

    /// <summary>The secret itself, for a header that goes upstream or a cipher. Never log or store it.</summary>
    public string Reveal() => _value;

    public bool Equals(SecretString? other) => other is not null && string.Equals(_value, other._value, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as SecretString);

    public override int GetHashCode() => _value.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => "***";
}
