namespace Trinity.Shared.Tests.Architecture;

public sealed class ArrowCheckerTests
{
    private static readonly SourceFile[] Others =
    [
        new("src/AiBridge/Providers/IProvider.cs", "namespace Trinity.AiBridge.Providers;\ninternal interface IProvider;"),
        new("src/AiBridge/Reload/ConfigReloader.cs", "namespace Trinity.AiBridge.Reload;\ninternal sealed class ConfigReloader;"),
    ];

    [Theory]
    [InlineData("Shared/Configuration", "using Trinity.AiBridge.Bridges;")]
    [InlineData("AiBridge/Proxy", "using Trinity.ControlPlane.Providers;")]
    [InlineData("AiBridge/Proxy", "using static Trinity.ControlPlane.Providers.Rules;")]
    [InlineData("AiBridge/Proxy", "using Rules = Trinity.ControlPlane.Providers.Rules;")]
    [InlineData("AiBridge/Proxy", "class A { global::Trinity.AgentServer.Tasks.TaskStore Store; }")]
    [InlineData("AiBridge/Proxy", "class A { Trinity . ControlPlane . X B; }")]
    [InlineData("ControlPlane/Agents", "using Trinity.AgentServer;")]
    [InlineData("AgentServer", "using Trinity.AiBridge;")]
    [InlineData("AiBridge/Bridges", "using Trinity.AiBridge.Reload;")]
    [InlineData("AiBridge/Bridges", "class A(Reload.ConfigReloader reloader);")]
    [InlineData("AiBridge/Bridges", "class A(AiBridge.Reload.ConfigReloader reloader);")]
    [InlineData("AiBridge/Configuration", "using Npgsql;")]
    [InlineData("AiBridge/Configuration", "using Npgsql.Replication;")]
    [InlineData("AiBridge/Configuration", "using Dapper;")]
    [InlineData("AiBridge/Configuration", "class A(Npgsql.NpgsqlDataSource database);")]
    [InlineData("AiBridge/Configuration", "using Trinity.AiBridge.Providers;")]
    [InlineData("AiBridge/Configuration", "using Trinity.AiBridge.Providers.Anthropic;")]
    [InlineData("AiBridge/Usage", "using Trinity.AiBridge.Providers;")]
    [InlineData("AiBridge/Usage", "class A(Providers.IProvider provider);")]
    [InlineData("AiBridge/Usage/Streams", "class A(Providers.IProvider provider);")]
    [InlineData("AiBridge/Recording", "using Microsoft.AspNetCore.Http;")]
    [InlineData("AiBridge/Recording", "using Microsoft.AspNetCore.Http.Features;")]
    [InlineData("AiBridge/Recording", "class A { void B(HttpContext context) { } }")]
    [InlineData("AiBridge/Recording", "class A { int B = StatusCodes.Status200OK; }")]
    [InlineData("AiBridge/Forwarding", "using Trinity.AiBridge.Proxy;")]
    [InlineData("AiBridge/Reload", "using Trinity.AiBridge.Proxy;")]
    [InlineData("AiBridge/Proxy", "using Trinity.AiBridge.Reload;")]
    [InlineData("AiBridge/Telemetry", "using Trinity.AiBridge.Reload;")]
    [InlineData("ControlPlane/Agents", "using Docker.DotNet;")]
    [InlineData("AiBridge/Tools", "using Docker.DotNet.Models;")]
    public void Violations_ForbiddenArrow_IsFound(string folder, string code) => Assert.Single(Violations(folder, code));

    [Theory]
    [InlineData("AiBridge/Proxy", "using Trinity.Shared.Configuration; using Trinity.AiBridge.Bridges; using Trinity.AiBridge.Providers;")]
    [InlineData("AiBridge/Proxy", "using Trinity.AiBridge.Proxy;")]
    [InlineData("AiBridge/Reload", "using Npgsql; using Trinity.AiBridge.Bridges; using Trinity.AiBridge.Configuration;")]
    [InlineData("AiBridge/Hosting", "using Trinity.AiBridge.Proxy; using Trinity.AiBridge.Reload;")]
    [InlineData("AiBridge", "using Trinity.AiBridge.Proxy; using Trinity.AiBridge.Reload;")]
    [InlineData("AiBridge/Configuration", "using Trinity.Shared.Configuration; class A { int B => Providers.Count; }")]
    [InlineData("AiBridge/Usage", "class A { object? B => snapshot.Providers.IProvider; }")]
    [InlineData("AiBridge/Usage", "// unlike Trinity.AiBridge.Providers, this does not know vendors")]
    [InlineData("AiBridge/Usage", "/// <summary>See <see cref=\"Trinity.AiBridge.Providers.IProvider\"/>.</summary>")]
    [InlineData("AiBridge/Usage", "/* Trinity.AiBridge.Providers */ class A;")]
    [InlineData("AiBridge/Telemetry", "class A { const string Meter = \"Trinity.ControlPlane\"; }")]
    [InlineData("AiBridge/Telemetry", "class A { const string Url = \"http://x\"; } // Trinity.ControlPlane")]
    [InlineData("AiBridge/ReloadNotes", "using Trinity.AiBridge.ReloadNotes;")]
    [InlineData("AiBridge/Recording", "class A { int HttpContextId; }")]
    [InlineData("ControlPlane/Containers", "using Docker.DotNet;")]
    public void Violations_DrawnArrow_IsFine(string folder, string code) => Assert.Empty(Violations(folder, code));

    [Fact]
    public void Violations_Program_IsTheRoot()
    {
        var program = new SourceFile("src/AiBridge/Program.cs", "using Trinity.AiBridge.Proxy;\nProxyEndpoint.Map();");
        Assert.Empty(new ArrowChecker([program]).Violations(ArrowRules.Forbidden));
        var wrong = program with { Text = "using Trinity.ControlPlane;" };
        Assert.Single(new ArrowChecker([wrong]).Violations(ArrowRules.Forbidden));
    }

    [Fact]
    public void Violations_SayFileTargetAndReason() => Assert.Equal(
        "src/AiBridge/Usage/A.cs: mentions Trinity.AiBridge.Providers. Usage does not know vendors.",
        Assert.Single(Violations("AiBridge/Usage", "using Trinity.AiBridge.Providers;")));

    private static IReadOnlyList<string> Violations(string folder, string code)
    {
        var path = $"src/{folder}/A.cs";
        var file = new SourceFile(path, $"namespace {SourceRules.ExpectedNamespace(path)};\n{code}\n");
        return [.. new ArrowChecker([file, .. Others]).Violations(ArrowRules.Forbidden).Distinct(StringComparer.Ordinal)];
    }
}
