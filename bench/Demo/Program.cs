using System.Runtime.InteropServices;
using Trinity.Bench.Demo;
using Trinity.Bench.Demo.Agents;

const int Interrupted = 143; // as a shell counts SIGTERM

using var interruption = new CancellationTokenSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
try
{
    if (args is ["engine", var file])
    {
        return await EngineHost.RunAsync(file, interruption.Token);
    }

    var verdict = args is ["agents", .. var options]
        ? await AgentDemoRun.RunAsync(AgentDemoOptions.Read(options), Console.Out, interruption.Token)
        : await DemoRun.RunAsync(DemoOptions.Read(args), View.Of(Console.Out), interruption.Token);
    await Console.Out.WriteLineAsync(verdict.Text);
    return verdict.Ok ? 0 : 1;
}
catch (OperationCanceledException) when (interruption.IsCancellationRequested)
{
    return Interrupted;
}

void Interrupt(PosixSignalContext context)
{
    context.Cancel = true;
    interruption.Cancel();
}
