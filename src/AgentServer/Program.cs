using Microsoft.Extensions.Options;
using Trinity.AgentServer;

try
{
    // First of all: from here on the tasks' processes, which are the same user's, cannot read this one's memory and environment.
    var isHardened = LinuxCalls.ForbidDumps();
    await using var app = AgentServerApp.Create(args);
    if (!isHardened)
    {
        app.WarnOfDumps();
    }

    await app.RunAsync();
    return 0;
}
catch (OptionsValidationException invalid)
{
    await Console.Error.WriteLineAsync(string.Join(Environment.NewLine, invalid.Failures));
    return 1;
}
catch (IOException unavailable) // the address is in use, or not this machine's
{
    await Console.Error.WriteLineAsync(unavailable.Message);
    return 1;
}
