using System.Text;
using Trinity.Bench.Load.OpenLoop;

namespace Trinity.Bench.Tests;

public sealed class ReplyParserTests
{
    private const string WithLength = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\nhello\r\nyou!";
    private const string Chunked = "HTTP/1.1 201 Created\r\ntransfer-encoding: Chunked\r\n\r\n5\r\nhello\r\nA\r\n0123456789\r\n0\r\nDate: now\r\n\r\n";
    private const string Empty = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

    private readonly ReplyParser _parser = new();

    public static TheoryData<string, int, int> Replies => new()
    {
        { WithLength, 200, 11 },
        { Chunked, 201, 15 },
        { Empty, 404, 0 },
    };

    [Theory]
    [MemberData(nameof(Replies))]
    public void Append_CutAnywhere_ReadsStatusLengthAndEnd(string reply, int status, int length)
    {
        var bytes = Encoding.ASCII.GetBytes(reply);
        for (var size = 1; size <= bytes.Length; size++)
        {
            _parser.Reset();
            for (var at = 0; at < bytes.Length; at += size)
            {
                Assert.False(_parser.Done);
                _parser.Append(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
            }

            Assert.Equal((true, status, length), (_parser.Done, _parser.Status, (int)_parser.ContentBytes));
        }
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc")]
    public void Append_WhatIsNoReply_IsRefused(string bytes)
    {
        _parser.Reset();
        Assert.Throws<InvalidDataException>(() => _parser.Append(Encoding.ASCII.GetBytes(bytes)));
    }
}
