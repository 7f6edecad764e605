using System.Buffers.Binary;

namespace MLNetAutoencoder.Onnx;

/// <summary>Whether a stored tensor holds what its type and shape say, in the file itself.</summary>
internal static class TensorCheck
{
    private const int MostRank = 64;

    /// <summary>Checks a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="what">What it is, for messages, such as <c>The file 'x.onnx' has the initializer 'w', which</c>.</param>
    /// <returns>How many elements it has.</returns>
    /// <exception cref="InvalidDataException">It does not hold what it says.</exception>
    public static long Check(TensorProto tensor, string what)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default || tensor.ExternalData.Count > 0)
            throw new InvalidDataException(
                $"{what} lies in another file (external data). That is refused: a model may not name files to be read.");
        if (!TensorTypes.IsKnown(tensor.DataType))
            throw new InvalidDataException($"{what} has elements of the unknown type {tensor.DataType}.");
        long count = CountOf(tensor, what);
        int type = tensor.DataType;
        if (type == TensorTypes.String)
        {
            if (tensor.StringData.Count != count || tensor.RawData.Length > 0 || TypedCount(tensor) > 0)
                throw Contradiction(tensor, what, count, $"{tensor.StringData.Count} texts");
            foreach (var text in tensor.StringData)
            {
                if (text.Length > GraphLimits.MostTextLength)
                    throw new InvalidDataException(
                        $"{what} holds a text of {text.Length} bytes; at most {GraphLimits.MostTextLength} are read.");
            }
            return count;
        }
        if (tensor.StringData.Count > 0)
            throw Contradiction(tensor, what, count, $"{tensor.StringData.Count} texts");

        int bits = TensorTypes.BitsOf(type);
        long typed = TypedCount(tensor);
        if (tensor.RawData.Length > 0 || typed == 0)
        {
            long expected = (count * bits + 7) / 8;
            if (tensor.RawData.Length != expected || typed > 0)
                throw Contradiction(tensor, what, count,
                    $"{tensor.RawData.Length} bytes{(typed > 0 ? $" and {typed} numbers" : "")}, where {expected} bytes are expected");
            if (type == TensorTypes.Boolean && tensor.RawData.Span.IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0)
                throw new InvalidDataException($"{what} holds truth values other than 0 and 1.");
            return count;
        }
        int own = TypedFieldOf(tensor, type), perElement = type is 14 or 15 ? 2 : 1;
        if (own != typed || own != (bits < 8 ? (count * bits + 7) / 8 : count * perElement))
            throw Contradiction(tensor, what, count, $"{typed} numbers, {own} of them in the field for its type");
        return count;
    }

    /// <summary>The whole numbers in a tensor that has been checked; null where it holds none or more than a shape can have.</summary>
    public static long[]? Integers(TensorProto tensor)
    {
        var raw = tensor.RawData.Span;
        switch (tensor.DataType)
        {
            case TensorTypes.Int64 when tensor.Int64Data.Count > 0:
                return tensor.Int64Data.Count <= 2 * GraphLimits.MostRank ? [.. tensor.Int64Data] : null;
            case TensorTypes.Int32 when tensor.Int32Data.Count > 0:
                return tensor.Int32Data.Count <= 2 * GraphLimits.MostRank ? [.. tensor.Int32Data.Select(value => (long)value)] : null;
            case TensorTypes.Int64 or TensorTypes.Int32:
                int size = tensor.DataType == TensorTypes.Int64 ? sizeof(long) : sizeof(int);
                if (raw.Length > 2 * GraphLimits.MostRank * size)
                    return null;
                long[] values = new long[raw.Length / size];
                for (int i = 0; i < values.Length; i++)
                    values[i] = size == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(raw[(i * size)..])
                        : BinaryPrimitives.ReadInt32LittleEndian(raw[(i * size)..]);
                return values;
            default:
                return null;
        }
    }

    /// <summary>The numbers in a tensor of a few Singles that has been checked; null where it holds others.</summary>
    public static float[]? Singles(TensorProto tensor)
    {
        if (tensor.DataType != TensorTypes.Single)
            return null;
        if (tensor.FloatData.Count > 0)
            return tensor.FloatData.Count <= 2 * GraphLimits.MostRank ? [.. tensor.FloatData] : null;
        var raw = tensor.RawData.Span;
        if (raw.Length > 2 * GraphLimits.MostRank * sizeof(float))
            return null;
        float[] values = new float[raw.Length / sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(raw[(i * sizeof(float))..]);
        return values;
    }

    private static long CountOf(TensorProto tensor, string what)
    {
        if (tensor.Dims.Count > MostRank)
            throw new InvalidDataException($"{what} has {tensor.Dims.Count} axes; at most {MostRank} are read.");
        long count = 1;
        foreach (long length in tensor.Dims)
        {
            if (length < 0 || length > GraphLimits.MostLength)
                throw new InvalidDataException($"{what} has an axis of length {length}; expected 0 to {GraphLimits.MostLength}.");
            // An empty axis does not make the others harmless: their product is taken all the same.
            count *= Math.Max(1, length);
            if (count > GraphLimits.MostBytes)
                throw new InvalidDataException(
                    $"{what} has the shape [{string.Join(", ", tensor.Dims)}], which is more elements than a file can hold.");
        }
        return tensor.Dims.Contains(0) ? 0 : count;
    }

    private static int TypedCount(TensorProto tensor) =>
        tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count + tensor.DoubleData.Count + tensor.Uint64Data.Count;

    /// <summary>How many numbers stand in the field that the format has for a type.</summary>
    private static int TypedFieldOf(TensorProto tensor, int type) => type switch
    {
        TensorTypes.Single or 14 => tensor.FloatData.Count,
        TensorTypes.Double or 15 => tensor.DoubleData.Count,
        TensorTypes.Int64 => tensor.Int64Data.Count,
        TensorTypes.UInt32 or TensorTypes.UInt64 => tensor.Uint64Data.Count,
        _ => tensor.Int32Data.Count,
    };

    private static InvalidDataException Contradiction(TensorProto tensor, string what, long count, string found) =>
        new($"{what} says that it is {TensorTypes.NameOf(tensor.DataType)} [{string.Join(", ", tensor.Dims)}], {count} elements, and " +
            $"holds {found}.");
}
