using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Configuration;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Authentication;

public sealed class VirtualKeyAuthenticatorTests
{
    private const string Own = "sk-ant-own-credential";

    private readonly ManualTimeProvider _time = new();
    private readonly string _token = VirtualKeyToken.Create();

    [Theory]
    [InlineData("Authorization: Bearer {key}", false)]
    [InlineData("Authorization: bearer   {key} ", false)]
    [InlineData("x-api-key: {key}", false)]
    [InlineData("x-api-key:  {key} ", false)]
    [InlineData("X-Trinity-Key: {key}", false)]
    [InlineData("X-Trinity-Key: {key}|Authorization: Bearer {own}", true)]
    [InlineData("X-Trinity-Key: {key}|x-api-key: {own}", true)]
    [InlineData("X-Trinity-Key: {key}|x-api-key: {own}|Authorization: Bearer {key}", true)]
    [InlineData("X-Trinity-Key: {key}|Authorization: Bearer {key}", false)]
    [InlineData("X-Trinity-Key: {key}|x-api-key: {key}", false)]
    [InlineData("Authorization: Bearer {key}|x-api-key: {key}", false)]
    [InlineData("Authorization: Bearer {own}|x-api-key: {key}", false)]
    [InlineData("Authorization: Bearer {key}|x-api-key: {own}", false)]
    [InlineData("Authorization: Basic abc|x-api-key: {key}", false)]
    public void TryAuthenticate_KeyInOneOfItsPlaces_IsTheCaller(string headers, bool ownCredential)
    {
        Assert.True(Authenticator().TryAuthenticate(Headers(headers), new TokenHashMemo(), Snapshot(Key()), out var caller, out var error), error?.Code);

        Assert.Equal(("tester", ownCredential), (caller.Key.Name, caller.OwnCredential));
    }

    [Theory]
    [InlineData("", "no_virtual_key")]
    [InlineData("Authorization: Basic {key}", "no_virtual_key")]
    [InlineData("Authorization: Bearer", "no_virtual_key")]
    [InlineData("Authorization: Bearer  ", "no_virtual_key")]
    [InlineData("Authorization: Bearer {key} more", "no_virtual_key")]
    [InlineData("Authorization: {key}", "no_virtual_key")]
    [InlineData("Authorization: Bearer {key}|Authorization: Bearer {key}", "no_virtual_key")]
    [InlineData("x-api-key: {key}|x-api-key: {key}", "no_virtual_key")]
    [InlineData("X-Trinity-Key: {key}|X-Trinity-Key: {key}", "no_virtual_key")]
    [InlineData("X-Trinity-Key: {other}|Authorization: Bearer {key}", "unknown_virtual_key")]
    [InlineData("Authorization: Bearer {own}", "unknown_virtual_key")]
    [InlineData("x-api-key: {own}", "unknown_virtual_key")]
    [InlineData("Authorization: Bearer {other}", "unknown_virtual_key")]
    [InlineData("Authorization: Bearer {long}", "unknown_virtual_key")]
    [InlineData("Authorization: Bearer ключ", "unknown_virtual_key")]
    public void TryAuthenticate_NoValidKey_IsRefused(string headers, string code)
    {
        Assert.False(Authenticator().TryAuthenticate(Headers(headers), new TokenHashMemo(), Snapshot(Key()), out _, out var error));

        Assert.Equal((401, code), (error.Status, error.Code));
        Assert.DoesNotContain(_token, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryAuthenticate_RevokedKey_IsRefused()
    {
        Assert.False(Authenticator().TryAuthenticate(Headers("x-api-key: {key}"), new TokenHashMemo(), Snapshot(Key() with { RevokedAt = _time.GetUtcNow() }), out _, out var error));

        Assert.Equal("revoked_virtual_key", error.Code);
    }

    [Fact]
    public void TryAuthenticate_KeyWithExpiry_EndsAtThatMoment()
    {
        var snapshot = Snapshot(Key() with { ExpiresAt = _time.GetUtcNow().AddMinutes(1) });
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(Authenticator().TryAuthenticate(Headers("x-api-key: {key}"), new TokenHashMemo(), snapshot, out _, out _));

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(Authenticator().TryAuthenticate(Headers("x-api-key: {key}"), new TokenHashMemo(), snapshot, out _, out var error));
        Assert.Equal("expired_virtual_key", error.Code);
    }

    private VirtualKeyAuthenticator Authenticator() => new(_time);

    private VirtualKeyConfig Key() => new() { Id = Guid.Empty, Name = "tester", Hash = VirtualKeyToken.Hash(_token) };

    private static ConfigSnapshot Snapshot(VirtualKeyConfig key) => new()
    {
        Revision = 1,
        Generation = 1,
        Providers = FrozenDictionary<string, ProviderModel>.Empty,
        VirtualKeys = new Dictionary<VirtualKeyHash, VirtualKeyConfig> { [VirtualKeyHash.Of(key.Hash)] = key }.ToFrozenDictionary(),
    };

    private HeaderDictionary Headers(string text)
    {
        var headers = new HeaderDictionary();
        foreach (var line in text.Split('|', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = (line[..line.IndexOf(':', StringComparison.Ordinal)], line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..]);
            value = value
                .Replace("{key}", _token, StringComparison.Ordinal)
                .Replace("{own}", Own, StringComparison.Ordinal)
                .Replace("{other}", VirtualKeyToken.Create(), StringComparison.Ordinal)
                .Replace("{long}", new string('x', 20_000), StringComparison.Ordinal);
            headers[name] = StringValues.Concat(headers[name], value);
        }

        return headers;
    }
}
