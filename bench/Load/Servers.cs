namespace Trinity.Bench.Load;

/// <summary>What the benchmark's own servers have in common: Kestrel and nothing else, silent, ended by the end of standard input.</summary>
internal static class Servers
{
    // They run in the folder of the run's data, where a watch for changed settings would wake at each write of Postgres.
    private static readonly string[] Host = ["--hostBuilder:reloadConfigOnChange=false"];

    public static WebApplicationBuilder Slim(string address)
    {
        var builder = WebApplication.CreateSlimBuilder(Host);
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(address);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
        });
        return builder;
    }
}
