using Npgsql;
using Trinity.Shared.Database;

namespace Trinity.Shared.Tests.Database;

public sealed class DatabaseAddressTests
{
    [Theory]
    [InlineData("postgres://trinity:secret@db.example.com:6432/app", "db.example.com", 6432, "trinity", "secret", "app")]
    [InlineData("postgresql://trinity:secret@db.example.com/app", "db.example.com", 5432, "trinity", "secret", "app")]
    [InlineData("POSTGRES://trinity@db/app", "db", 5432, "trinity", null, "app")]
    [InlineData("postgres://db/app", "db", 5432, null, null, "app")]
    [InlineData("postgres://u:p%40%3A%2F%3F%23%25%20x@db/app", "db", 5432, "u", "p@:/?#% x", "app")]
    [InlineData("postgres://u:a%2540b@db/app", "db", 5432, "u", "a%40b", "app")]
    [InlineData("postgres://u:a@b@db/app", "db", 5432, "u", "a@b", "app")]
    [InlineData("postgres://u:a:b@db/app", "db", 5432, "u", "a:b", "app")]
    [InlineData("postgres://u:a'b;Host=evil@db/app", "db", 5432, "u", "a'b;Host=evil", "app")]
    [InlineData("postgres://dom%5Cuser:p@db/my%20app", "db", 5432, "dom\\user", "p", "my app")]
    [InlineData("postgres://u:p@127.0.0.1:5433/app", "127.0.0.1", 5433, "u", "p", "app")]
    [InlineData("postgres://u:p@[::1]:5433/app", "::1", 5433, "u", "p", "app")]
    [InlineData("postgres://u:p@[::1]/app", "::1", 5432, "u", "p", "app")]
    [InlineData("postgres:///app?host=/var/run/postgresql", "/var/run/postgresql", 5432, null, null, "app")]
    [InlineData("postgres://trinity@/app?host=/run/my-sockets&port=5440", "/run/my-sockets", 5440, "trinity", null, "app")]
    [InlineData("postgres://%2Frun%2Fsockets/app", "/run/sockets", 5432, null, null, "app")]
    [InlineData("postgres://?host=/run&dbname=app&user=u&password=p%26q", "/run", 5432, "u", "p&q", "app")]
    public void Url_IsTakenApart(string url, string host, int port, string? user, string? password, string database)
    {
        var settings = Parse(url);
        Assert.Equal((host, port, user, password, database), (settings.Host, settings.Port, settings.Username, settings.Password, settings.Database));
    }

    [Fact]
    public void Url_Parameters_AreTranslated()
    {
        var settings = Parse("postgres://db/app?sslmode=verify-full&sslrootcert=/etc/my-ca.pem&application_name=my-app&connect_timeout=7&options=-c%20search_path%3Da-b&Maximum%20Pool%20Size=9");
        Assert.Equal(SslMode.VerifyFull, settings.SslMode);
        Assert.Equal("/etc/my-ca.pem", settings.RootCertificate);
        Assert.Equal("my-app", settings.ApplicationName);
        Assert.Equal(7, settings.Timeout);
        Assert.Equal("-c search_path=a-b", settings.Options);
        Assert.Equal(9, settings.MaxPoolSize);
    }

    [Fact]
    public void Url_SeveralHosts_AreKept() => Assert.Equal("a:5433,b", Parse("postgres://u:p@a:5433,b:5434/app?target_session_attrs=primary").Host);

    [Fact]
    public void Url_ParameterTwice_LastOneCounts() => Assert.Equal("b", Parse("postgres://db/app?application_name=a&application_name=b").ApplicationName);

    [Fact]
    public void Keywords_ArePassedOn()
    {
        var settings = Parse("Host=db;Port=5433;Database=app;Username=u;Password=p");
        Assert.Equal(("db", 5433, "app", "u", "p"), (settings.Host, settings.Port, settings.Database, settings.Username, settings.Password));
    }

    [Theory]
    [InlineData("postgres://u:canary@db")]
    [InlineData("postgres://u:canary@db/")]
    [InlineData("postgres://u:canary@/app")]
    [InlineData("postgres://u:canary@db:port/app")]
    [InlineData("postgres://u:canary@db:99999/app")]
    [InlineData("postgres://u:canary@db:-1/app")]
    [InlineData("postgres://u:can/ary@db/app")]
    [InlineData("postgres://u:can?ary@db/app")]
    [InlineData("postgres://u:12?canary=1@db/app")]
    [InlineData("postgres://u:12/canary@db/app")]
    [InlineData("postgres://u:12#canary@db/app")]
    [InlineData("postgres://u:canary@db/app?sslmode=sometimes")]
    [InlineData("postgres://u:canary@db/app?connect_timeout=soon")]
    [InlineData("postgres://u:canary@db/app?no_such=1")]
    [InlineData("postgres://u@db/app?connect_timeout=canary")]
    [InlineData("Host=db;Password=canary;Port=many")]
    [InlineData("Host=db;Password=canary;NoSuch=1")]
    [InlineData("Host=db;Password='canary")]
    [InlineData("Password=canary;Database=app")]
    [InlineData("canary")]
    [InlineData("http://u:canary@db/app")]
    [InlineData("")]
    public void Unusable_ThrowsWithoutQuotingThePassword(string text)
    {
        var error = Assert.Throws<FormatException>(() => DatabaseAddress.ToConnectionString(text));
        foreach (var piece in (string[])["canary", "ary@"])
        {
            Assert.DoesNotContain(piece, error.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Url_UnknownParameter_IsNamed()
    {
        var error = Assert.Throws<FormatException>(() => DatabaseAddress.ToConnectionString("postgres://db/app?no_such=1"));
        Assert.Contains("'no_such'", error.Message, StringComparison.Ordinal);
    }

    private static NpgsqlConnectionStringBuilder Parse(string text) => new(DatabaseAddress.ToConnectionString(text));
}
