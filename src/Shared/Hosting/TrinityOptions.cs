using Microsoft.Extensions.Configuration;

namespace Trinity.Shared.Hosting;

/// <summary>Settings that all services share; top-level keys of the configuration, so <c>TRINITY_DATABASE</c> and <c>TRINITY_DATA</c> set them.</summary>
public sealed class TrinityOptions
{
    /// <summary>Postgres, as a <c>postgres://</c> URL or a connection string. Required.</summary>
    public string Database { get; set; } = "";

    /// <summary>Directory for what outlives the process: encryption keys, last good configuration, operator token.</summary>
    public string Data { get; set; } = ".trinity";

    /// <summary>Key ring as <c>id:base64,…</c>; empty: the file <c>encryption-keys</c> in <see cref="Data"/>.</summary>
    [ConfigurationKeyName("ENCRYPTION_KEYS")]
    public string EncryptionKeys { get; set; } = "";

    /// <summary><c>text</c> (a line per event) or <c>json</c>.</summary>
    public string LogFormat { get; set; } = "text";
}
