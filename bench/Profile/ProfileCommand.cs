using System.Globalization;
using Trinity.Bench.Profile.Identities;
using Trinity.Bench.Profile.Mibc;
using Trinity.Bench.Profile.Traces;

namespace Trinity.Bench.Profile;

/// <summary>The command line: turns the trace of a run into the profile that the Native AOT compiler reads (<c>ilc --mibc</c>).</summary>
internal static class ProfileCommand
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadUsage = 2;

    private const string Usage = """
        Usage: dotnet Trinity.Profile.dll TRACE OUTPUT.mibc

        Turns an EventPipe trace (.nettrace) into a profile for the Native AOT compiler. The process that was traced ran with
        DOTNET_EnableEventPipe=1, DOTNET_EventPipeConfig=Microsoft-Windows-DotNETRuntime:0x1F000080018:5, and ended in peace: it tells its counters
        when it ends. Its assemblies are still where they were: they have the names of what the trace has numbers for.
        """;

    /// <summary>Does it. The exit code: 0, or 1 for a trace that gives no profile, or 2 for arguments that make no sense.</summary>
    public static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter errors)
    {
        switch (arguments)
        {
            case ["--help" or "-h"]:
                output.WriteLine(Usage);
                return Done;
            case [{ Length: > 0 } trace, { Length: > 0 } profile] when !trace.StartsWith('-') && !profile.StartsWith('-'):
                break;
            default:
                errors.WriteLine(Usage);
                return BadUsage;
        }

        try
        {
            Convert(arguments[0], arguments[1], output, errors);
            return Done;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            errors.WriteLine(exception.Message.ReplaceLineEndings(" "));
            return Failed;
        }
    }

    private static void Convert(string trace, string profile, TextWriter output, TextWriter errors)
    {
        var events = TraceReader.Read(trace);
        using var modules = new ModuleCatalog(events.Modules);
        var selection = ProfileSelection.Of(events, new IdentityResolver(events, modules));
        if (modules.Unusable is { Count: > 0 } unusable)
        {
            errors.WriteLine($"These assemblies of the trace are gone or were built anew, and what is in them is left out: {string.Join(", ", unusable)}.");
        }

        if (selection.Methods.IsEmpty)
        {
            throw new InvalidDataException($"The trace '{trace}' names no method that was run often and is known.");
        }

        var bytes = MibcArchive.Write(Path.GetFileName(profile), selection.Methods);
        File.WriteAllBytes(profile, bytes);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{selection.Methods.Length} methods, {selection.LeftOut} left out, {bytes.Length} bytes; {selection.HardlyRun} more were hardly run."));
    }
}
