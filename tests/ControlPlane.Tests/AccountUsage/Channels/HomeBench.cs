using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>A home of one test, and who reads its logins.</summary>
internal sealed class HomeBench : IDisposable
{
    private readonly TemporaryDirectory _home = new();

    public HomeBench() => Logins = new HomeLogins(Time);

    public string Home => _home.FullName;

    public ManualTimeProvider Time { get; } = new();

    public HomeLogins Logins { get; }

    public string Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_home.File(name))!);
        return _home.Write(name, content);
    }

    /// <summary>Reads a login with what the home's <c>.env</c> sets, and looks for planted secrets in what is told of it.</summary>
    public HomeLogin Read(string channel)
    {
        var login = Logins.Read(Home, channel, HomeEnvironment.Read(Home));
        Canaries.AssertAbsentFrom($"{login}", "the login");
        Assert.True(login.Problem is null or { Length: > 0 and <= 180 }, login.Problem);
        Assert.Equal(login.Problem is null, login.Credential is not null);
        Assert.Equal(login.Fingerprint.Length > 0, login.Credential is not null);
        return login;
    }

    public void Dispose() => _home.Dispose();
}
