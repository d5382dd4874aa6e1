using System.Runtime.InteropServices;
using Trinity.Bench.Demo;

const int Interrupted = 143; // as a shell counts SIGTERM

using var interruption = new CancellationTokenSource();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt);
try
{
    var verdict = await DemoRun.RunAsync(DemoOptions.Read(args), View.Of(Console.Out), interruption.Token);
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
