using Trinity.AiBridge.Providers;

namespace Trinity.AiBridge.Forwarding;

/// <summary>
/// Hands a provider's event stream on as it comes, byte for byte, and shows it to the observer. While the provider is silent it puts pings between events;
/// when the provider stays silent too long or breaks off, it ends the stream with the vendor's error event instead of a cut connection.
/// </summary>
/// <remarks>
/// YARP reads with an empty buffer first, to wait without holding memory, and only then with a real one. The waiting happens in that empty read, so no buffer is
/// in use when a ping is due; it begins as soon as there is nothing more to read, while YARP writes what was read. Everything runs on the request's one flow of execution: there is no timer callback and no lock.
/// </remarks>
/// <param name="provider">The provider's stream.</param>
/// <param name="chunked">It has HTTP/1.1's chunked encoding. Then an empty read that ends at once says that bytes are at hand; on other streams only that something came, perhaps a part of a TLS record.</param>
/// <param name="reply">Who observes it, and its limits.</param>
/// <param name="drainAborted">Fires when the bridge has waited for its requests for too long.</param>
internal sealed class EventStream(Stream provider, bool chunked, Reply reply, CancellationToken drainAborted) : ReadOnlyStream
{
    private static readonly BridgeError Truncated =
        new(StatusCodes.Status502BadGateway, "upstream_truncated", "The provider's connection broke in the middle of the reply.");

    private static readonly BridgeError Idle =
        new(StatusCodes.Status504GatewayTimeout, "upstream_idle", "The provider was silent for too long in the middle of the reply.");

    private static readonly BridgeError DrainDeadline =
        new(StatusCodes.Status503ServiceUnavailable, "drain_deadline", "The request outlived the drain deadline: its provider's configuration changed, or the bridge is shutting down.");

    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(100); // by the system's clock

    private CancellationTokenSource? _cut; // the request's token or the drain's
    private Task<int>? _waiting;
    private ReadOnlyMemory<byte> _own; // bytes of ours to hand out before the provider's next
    private long _lastRead = reply.Time.GetTimestamp();
    private long _lastHandedOut = reply.Time.GetTimestamp();
    private bool _anyBytes;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var cut = (_cut ??= CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, drainAborted)).Token; // YARP reads with one token
        try
        {
            if (_own.IsEmpty && !_ended)
            {
                cut.ThrowIfCancellationRequested();
                await WaitAsync(cut);
            }

            if (_own.IsEmpty && !_ended && !buffer.IsEmpty)
            {
                return await ReadProviderAsync(buffer, cut);
            }
        }
        catch (Exception exception) when (drainAborted.IsCancellationRequested && exception is OperationCanceledException or IOException or HttpRequestException)
        {
            End(DrainDeadline);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            End(Truncated);
        }

        return HandOutOwn(buffer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            CancelWait();
            provider.Dispose();
            _cut?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Returns when the provider has data or has ended, or when there is something of our own to say.</summary>
    private async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_waiting is null && IsReady(cancellationToken))
        {
            return;
        }

        while (!_waiting!.IsCompleted)
        {
            await reply.SendHeadersAsync(cancellationToken);
            var untilIdle = (_anyBytes ? reply.Limits.Idle : reply.Limits.FirstByte) - reply.Time.GetElapsedTime(_lastRead);
            var untilPing = reply.Limits.Ping - reply.Time.GetElapsedTime(_lastHandedOut);
            if (untilIdle <= TimeSpan.Zero)
            {
                if (await IsThereAtLastAsync(_waiting))
                {
                    break;
                }

                CancelWait();
                End(Idle);
                return;
            }

            if (untilPing <= TimeSpan.Zero && reply.Observer.AtFrameBoundary)
            {
                _own = reply.Ping;
                return; // the wait goes on at the next call
            }

            var due = untilPing > TimeSpan.Zero && untilPing < untilIdle ? untilPing : untilIdle;
            try
            {
                await _waiting.WaitAsync(due, reply.Time, cancellationToken);
            }
            catch (TimeoutException)
            {
                // Time to look what is due. The provider may have answered since: then that counts.
            }
        }

        var completed = _waiting;
        _waiting = null;
        await completed;
    }

    /// <summary>After a process was halted, or a client took long to read, bytes may have come that the wait has not been told of yet.</summary>
    private static async Task<bool> IsThereAtLastAsync(Task wait) => await Task.WhenAny(wait, Task.Delay(LastLook)) == wait;

    /// <summary>Whether the provider has data or has ended; otherwise <c>_waiting</c> is the wait for it.</summary>
    private bool IsReady(CancellationToken cancellationToken)
    {
        var wait = provider.ReadAsync(Memory<byte>.Empty, cancellationToken);
        if (wait.IsCompletedSuccessfully)
        {
            _ = wait.Result;
            return true;
        }

        _waiting = wait.AsTask();
        return false;
    }

    /// <summary>
    /// Closes the provider's connection when a read is still waiting on it. Disposing alone would have the HTTP client read the rest of the reply and keep the
    /// connection, where the read left behind would take bytes of the next reply: of another request's.
    /// </summary>
    private void CancelWait()
    {
        if (_waiting is { } waiting)
        {
            _waiting = null;
            if (!waiting.IsCompleted)
            {
                _cut!.Cancel();
            }

            _ = waiting.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default); // it ends in what was just cancelled
        }
    }

    private async ValueTask<int> ReadProviderAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await provider.ReadAsync(buffer, cancellationToken);
        _ended = read == 0;
        if (chunked && !_ended)
        {
            read += await ReadWhatIsThereAsync(buffer[read..], cancellationToken);
        }

        if (read > 0)
        {
            _anyBytes = true;
            _lastRead = _lastHandedOut = reply.Time.GetTimestamp();
            reply.OnBytes(buffer.Span[..read]);
        }

        if (_ended)
        {
            reply.OnEnd();
        }

        return read;
    }

    /// <summary>Reads on as long as there is something: the HTTP client gives 4 KB at a time, and each of our reads becomes a write, with a segment of its own, to the client.</summary>
    private async ValueTask<int> ReadWhatIsThereAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = 0;
        try
        {
            while (!_ended && read < buffer.Length && IsReady(cancellationToken))
            {
                var more = await provider.ReadAsync(buffer[read..], cancellationToken);
                read += more;
                _ended = more == 0;
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or OperationCanceledException)
        {
            _waiting = Task.FromException<int>(exception); // at the next read: what was read goes out first
        }

        return read;
    }

    private int HandOutOwn(Memory<byte> buffer)
    {
        var count = Math.Min(buffer.Length, _own.Length);
        _own[..count].CopyTo(buffer);
        _own = _own[count..];
        if (count > 0)
        {
            _lastHandedOut = reply.Time.GetTimestamp();
        }

        return count;
    }

    private void End(BridgeError error)
    {
        _ended = true;
        var events = reply.Break(error);
        _own = reply.Observer.AtFrameBoundary ? events : (byte[])[.. "\n\n"u8, .. events]; // close the event that was cut
    }
}
