namespace Trinity.Bench.Load;

/// <summary>What the benchmark's own servers have in common: Kestrel and nothing else, silent, ended by the end of standard input.</summary>
internal static class Servers
{
    public static WebApplicationBuilder Slim(string address)
    {
        var builder = WebApplication.CreateSlimBuilder();
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
