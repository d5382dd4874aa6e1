using Trinity.ControlPlane.EncryptionKeys;

namespace Trinity.ControlPlane.Commands;

/// <summary><c>keys rotate</c>: re-encrypts all stored secrets with the newest encryption key.</summary>
internal static class RotateKeysCommand
{
    public static async Task RunAsync(string[] settings, TextWriter output, CancellationToken cancellationToken)
    {
        await using var app = ControlPlaneApp.CreateForCommand(settings);
        var result = await app.Services.GetRequiredService<EncryptionKeyRotation>().RotateAsync("command-line", cancellationToken);
        var parts = string.Join(", ", result.Counts.Select(count => $"{count.Value} {count.Key}"));
        await output.WriteLineAsync($"{result.Counts.Values.Sum()} secrets re-encrypted with key {result.KeyId}: {parts}.");
    }
}
