using System.Globalization;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Trinity.ControlPlane.Http;

/// <summary>A request's <c>If-Match</c>: which versions of a row it agrees to change. Without the header: any.</summary>
internal sealed class VersionCondition(StringValues header)
{
    /// <summary>Any version.</summary>
    public static VersionCondition None { get; } = new(default);

    public static VersionCondition Of(HttpRequest request) => new(request.Headers.IfMatch);

    public static string TagOf(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    public bool Allows(long version)
    {
        if (StringValues.IsNullOrEmpty(header))
        {
            return true;
        }

        var current = new EntityTagHeaderValue(TagOf(version));
        return EntityTagHeaderValue.TryParseList(header, out var tags)
            && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(current, useStrongComparison: true));
    }
}
