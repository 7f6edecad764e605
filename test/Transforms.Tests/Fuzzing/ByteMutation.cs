using System.Buffers.Binary;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Changes to bytes that know nothing of their format.</summary>
internal static class ByteMutation
{
    private static readonly int[] s_numbers = [0, 1, -1, int.MaxValue, int.MinValue, 0x7FFF, 0x10000, 0x40000000, 255, 256];

    public static byte[] Apply(byte[] bytes, Random random)
    {
        if (bytes.Length == 0)
            return [(byte)random.Next(256)];
        byte[] result = [.. bytes];
        int place = random.Next(bytes.Length), length = Math.Min(1 << random.Next(12), bytes.Length - place);
        switch (random.Next(9))
        {
            case 0:
                for (int i = 1 << random.Next(4); i > 0; i--)
                    result[random.Next(result.Length)] ^= (byte)(1 << random.Next(8));
                return result;
            case 1:
                random.NextBytes(result.AsSpan(place, length));
                return result;
            case 2:
                result.AsSpan(place, length).Fill((byte)(random.Next(2) * 255));
                return result;
            case 3:
                return bytes[..place];
            case 4:
                return [.. bytes[..place], .. bytes[(place + length)..]];
            case 5:
                return [.. bytes[..place], .. bytes[place..(place + length)], .. bytes[place..]];
            case 6:
                int other = random.Next(bytes.Length);
                length = Math.Min(length, bytes.Length - other);
                bytes.AsSpan(other, length).CopyTo(result.AsSpan(place));
                return result;
            case 7:
                if (place + sizeof(int) <= result.Length)
                    BinaryPrimitives.WriteInt32LittleEndian(result.AsSpan(place), s_numbers[random.Next(s_numbers.Length)]);
                return result;
            default:
                byte[] inserted = new byte[length];
                random.NextBytes(inserted);
                return [.. bytes[..place], .. inserted, .. bytes[place..]];
        }
    }
}
