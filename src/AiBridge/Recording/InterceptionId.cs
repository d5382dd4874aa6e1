using System.Buffers.Binary;

namespace Trinity.AiBridge.Recording;

/// <summary>Ids of interceptions: UUIDs of version 7 (RFC 9562), whose order is that of time. They need to be unique, not secret, so no system call is made for their random bits.</summary>
internal static class InterceptionId
{
    public static Guid Create(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        Random.Shared.NextBytes(bytes);
        var milliseconds = now.ToUnixTimeMilliseconds();
        BinaryPrimitives.WriteInt32BigEndian(bytes, (int)(milliseconds >> 16));
        BinaryPrimitives.WriteInt16BigEndian(bytes[4..], (short)milliseconds);
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new Guid(bytes, bigEndian: true);
    }
}
