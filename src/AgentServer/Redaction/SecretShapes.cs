using System.Buffers;
using System.Text;

namespace Trinity.AgentServer.Redaction;

/// <summary>Masks what looks like a secret in plain text, in one pass from left to right.</summary>
/// <remarks>
/// Every step consumes what it has looked at, or has looked at a bounded number of characters (a prefix and the shortest run that counts), or at blanks that no
/// other step looks at: no text makes it slower than a small multiple of its length.
/// </remarks>
internal static class SecretShapes
{
    private const int ShortestBearer = 8;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");
    private static readonly SearchValues<char> HeaderCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/=");
    private static readonly SearchValues<char> ValueEnds = SearchValues.Create(" \t\r\n&;,\"'`<>)}]|\\");
    private static readonly string[] Schemes = ["bearer", "basic", "token", "digest"];

    public static string Mask(string text)
    {
        if (text.AsSpan().IndexOfAny(NameCharacters) < 0)
        {
            return text;
        }

        var scan = new Scan(text);
        return scan.Run();
    }

    private ref struct Scan(string text)
    {
        private readonly ReadOnlySpan<char> _text = text;
        private StringBuilder? _masked;
        private int _copied; // up to here the text is in _masked
        private int _at;

        public string Run()
        {
            while (_at < _text.Length)
            {
                var start = _text[_at..].IndexOfAny(NameCharacters);
                if (start < 0)
                {
                    break;
                }

                _at += start;
                Word(_at + RunLength(_at, NameCharacters));
            }

            return _masked is null ? text : _masked.Append(_text[_copied..]).ToString();
        }

        private void Word(int end)
        {
            var word = _text[_at..end];
            Prefixed(end);
            _at = end;
            if (SecretNames.IsSecret(word) && ValueAfter(end, isFlag: word.StartsWith("--", StringComparison.Ordinal)) is { } value)
            {
                Replace(value.Start, value.End);
            }
            else if (IsScheme(word) && CredentialAfter(end) is { } credential)
            {
                Replace(credential.Start, credential.End);
            }
        }

        /// <summary>Masks the tokens of known vendors in the word, which ends there.</summary>
        private void Prefixed(int end)
        {
            while (_at < end)
            {
                var length = _at == 0 || !char.IsAsciiLetterOrDigit(_text[_at - 1]) ? TokenPrefixes.LengthOfToken(_text[_at..end]) : 0;
                if (length > 0)
                {
                    Replace(_at, _at + length);
                }
                else
                {
                    _at++;
                }
            }
        }

        /// <summary>What follows a secret's name and one of <c>=</c>, <c>:</c>; the name may be in quotes, and those escaped.</summary>
        private readonly (int Start, int End)? ValueAfter(int end, bool isFlag)
        {
            var at = Skip(end, '\\');
            at = at < _text.Length && _text[at] is '"' or '\'' ? at + 1 : end;
            var separator = SkipBlanks(at);
            if (separator < _text.Length && _text[separator] is '=' or ':')
            {
                separator++;
                separator = separator < _text.Length && _text[separator] is '>' or '=' ? separator + 1 : separator;
            }
            else if (!isFlag || separator == at)
            {
                return null;
            }

            var start = SkipBlanks(separator);
            var quote = Skip(start, '\\');
            if (quote < _text.Length && _text[quote] is '"' or '\'')
            {
                return (quote + 1, EndOfQuoted(quote + 1, _text[quote], escapes: quote - start));
            }

            var stop = EndOfValue(start);
            if (stop > start && IsScheme(_text[start..stop]) && SkipBlanks(stop) is var next && next > stop && EndOfValue(next) is var last && last > next)
            {
                return (start, last); // Authorization: Bearer abc
            }

            return stop > start ? (start, stop) : null;
        }

        private readonly (int Start, int End)? CredentialAfter(int end)
        {
            var start = SkipBlanks(end);
            if (start == end)
            {
                return null;
            }

            var value = _text.Slice(start, RunLength(start, HeaderCharacters));
            return value.Length >= ShortestBearer && !IsProse(value) ? (start, start + value.Length) : null;
        }

        // "basic functionality", "Bearer Authentication."
        private static bool IsProse(ReadOnlySpan<char> value) => value.TrimEnd('.')[1..].IndexOfAnyExceptInRange('a', 'z') < 0;

        private static bool IsScheme(ReadOnlySpan<char> word)
        {
            foreach (var scheme in Schemes)
            {
                if (word.Equals(scheme, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            return false;
        }

        /// <summary>The closing quote: one that is escaped no more often than the opening one.</summary>
        private readonly int EndOfQuoted(int start, char quote, int escapes)
        {
            var slashes = 0;
            for (var at = start; at < _text.Length; at++)
            {
                if (_text[at] == quote && slashes <= escapes)
                {
                    return at - slashes;
                }

                slashes = _text[at] == '\\' ? slashes + 1 : 0;
            }

            return _text.Length;
        }

        private readonly int EndOfValue(int start) => _text[start..].IndexOfAny(ValueEnds) is >= 0 and var length ? start + length : _text.Length;

        private readonly int RunLength(int start, SearchValues<char> characters) =>
            _text[start..].IndexOfAnyExcept(characters) is >= 0 and var length ? length : _text.Length - start;

        private readonly int SkipBlanks(int at) => _text[at..].IndexOfAnyExcept(' ', '\t') is >= 0 and var length ? at + length : _text.Length;

        private readonly int Skip(int at, char character) => _text[at..].IndexOfAnyExcept(character) is >= 0 and var length ? at + length : _text.Length;

        private void Replace(int start, int end)
        {
            (_masked ??= new StringBuilder(_text.Length)).Append(_text[_copied..start]).Append(Redactor.Mask);
            _copied = end;
            _at = end;
        }
    }
}
