using Microsoft.Extensions.Options;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.Tests.Reload;

public sealed class ReplicaIdentityTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("trinity-identity-").FullName;

    [Fact]
    public void Id_AfterARestart_IsTheSame()
    {
        Guid first;
        using (var replica = Start())
        {
            first = replica.Id;
        }

        using var again = Start();

        Assert.Equal((first, 1), (again.Id, again.Number));
    }

    [Fact]
    public void Id_OfTwoReplicasOnOneDirectory_Differ()
    {
        using var one = Start();
        using var two = Start();

        Assert.NotEqual(one.Id, two.Id);
        Assert.Equal((1, 2), (one.Number, two.Number));
    }

    [Fact]
    public void Number_FirstReplicaLeftAndCameBack_TakesItsPlaceBesideTheSecond()
    {
        var one = Start();
        using var two = Start();
        var id = one.Id;
        one.Dispose();

        using var again = Start();

        Assert.Equal((id, 1), (again.Id, again.Number));
    }

    [Fact]
    public void Address_ListensOnSeveral_IsOfTheFirst()
    {
        using var replica = new ReplicaIdentity(
            Options.Create(new TrinityOptions { Data = _data }), Options.Create(new AiBridgeOptions { Listen = "http://127.0.0.1:8711;http://172.17.0.1:8712" }), TimeProvider.System);

        Assert.EndsWith(":8711", replica.Address, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not an id")]
    [InlineData("018f")]
    public void Id_FileIsDamaged_IsMadeAnewAndKept(string content)
    {
        File.WriteAllText(Path.Combine(_data, "replica-id"), content);
        Guid made;
        using (var replica = Start())
        {
            made = replica.Id;
        }

        using var again = Start();

        Assert.NotEqual(Guid.Empty, made);
        Assert.Equal(made, again.Id);
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);

    private ReplicaIdentity Start() => new(Options.Create(new TrinityOptions { Data = _data }), Options.Create(new AiBridgeOptions()), TimeProvider.System);
}
