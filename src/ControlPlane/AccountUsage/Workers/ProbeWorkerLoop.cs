using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>The worker's side: reads a request, asks, answers, until its input ends.</summary>
/// <param name="channels">What it can ask, by name; null where there is no such channel.</param>
/// <param name="login">The credential that this home holds for a channel, as it is now.</param>
internal sealed class ProbeWorkerLoop(Func<string, IUsageChannel?> channels, Func<string, HomeLogin> login)
{
    private const int LongestRequest = 4 * 1024;

    /// <summary>Ends at the end of the input, and at once, whatever a probe is waiting for: the end is all that tells that nobody wants the answer.</summary>
    public async Task RunAsync(Stream input, Stream output, CancellationToken cancellationToken)
    {
        var lines = new BoundedLineReader(input, LongestRequest);
        try
        {
            var next = lines.ReadLineAsync(cancellationToken);
            while (await next is { } line)
            {
                next = lines.ReadLineAsync(cancellationToken);
                var answer = Task.Run(() => AnswerAsync(line, cancellationToken), cancellationToken); // reading a login can hang as well, and must not keep us from hearing the end
                if (await Task.WhenAny(answer, next) == next && await next is null)
                {
                    return;
                }

                await output.WriteAsync((byte[])[.. WorkerProtocol.ToLine(await answer), (byte)'\n'], cancellationToken);
                await output.FlushAsync(cancellationToken);
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            // Whoever asked reads no more, or sends what is no request.
        }
    }

    private async Task<WorkerReply> AnswerAsync(byte[] line, CancellationToken cancellationToken)
    {
        if (WorkerProtocol.ReadRequest(line) is not { } request)
        {
            return Without(0, UsageVerdict.Unavailable, "The line was no request.");
        }

        if (channels(request.Channel) is not { } channel)
        {
            return Without(request.Id, UsageVerdict.Unsupported, "There is no such channel.");
        }

        try
        {
            var home = login(request.Channel);
            if (home.Credential is null)
            {
                return Without(request.Id, UsageVerdict.NoCredential, home.Problem ?? "The home has no login for this.");
            }

            var usage = await channel.AskAsync(home.Credential, cancellationToken);
            var limits = usage.Limits is { Plan: null } known ? known with { Plan = home.Plan } : usage.Limits;
            return new WorkerReply(request.Id, usage with { Limits = limits }, home.Fingerprint);
        }
        catch (Exception exception)
        {
            // Its message may quote anything; its type says enough.
            return Without(request.Id, UsageVerdict.Unavailable, $"The probe failed: {exception.GetType().Name}.");
        }
    }

    private static WorkerReply Without(long id, UsageVerdict verdict, string problem) => new(id, new UsageReply(verdict) { Problem = problem });
}
