namespace MLNetAutoencoder.Onnx;

/// <summary>Whether a stored tensor holds what its type and shape say, in the file itself.</summary>
internal static class TensorCheck
{
    private const int MostRank = 64, MostTextLength = 1 << 20;

    /// <summary>Checks a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="what">What it is, for messages, such as <c>The file 'x.onnx' has the initializer 'w', which</c>.</param>
    /// <returns>How many elements it has.</returns>
    /// <exception cref="InvalidDataException">It does not hold what it says.</exception>
    public static long Check(TensorProto tensor, string what)
    {
        if (tensor.DataLocation != TensorProto.Types.DataLocation.Default || tensor.ExternalData.Count > 0)
            throw new InvalidDataException(
                $"{what} lies in another file (external data). A model may not name files to be read: export it with all weights inside.");
        if (!TensorTypes.IsKnown(tensor.DataType))
            throw new InvalidDataException($"{what} has elements of the unknown type {tensor.DataType}.");
        int type = tensor.DataType, bits = TensorTypes.BitsOf(type);
        long count = CountOf(tensor, what), raw = tensor.RawData.Length, texts = tensor.StringData.Count;
        long typed = tensor.FloatData.Count + tensor.Int32Data.Count + tensor.Int64Data.Count + tensor.DoubleData.Count
            + tensor.Uint64Data.Count;
        int parts = type is TensorTypes.Complex64 or TensorTypes.Complex128 ? 2 : 1;
        long expectedBytes = (count * bits + 7) / 8, expectedNumbers = bits < 8 ? expectedBytes : count * parts;
        bool holds = type == TensorTypes.String ? texts == count && raw == 0 && typed == 0
            : texts > 0 ? false
            : typed == 0 ? raw == expectedBytes
            : raw == 0 && typed == expectedNumbers && typed == TypedFieldOf(tensor, type);
        if (!holds)
            throw new InvalidDataException(
                $"{what} says that it is {TensorTypes.NameOf(type)} [{string.Join(", ", tensor.Dims)}], {count} elements, and holds " +
                $"{raw} bytes, {typed} numbers and {texts} texts, where {expectedBytes} bytes are expected.");
        if (tensor.StringData.FirstOrDefault(text => text.Length > MostTextLength) is { } text)
            throw new InvalidDataException($"{what} holds a text of {text.Length} bytes; at most {MostTextLength} are read.");
        if (type == TensorTypes.Boolean && (tensor.RawData.Span.IndexOfAnyExceptInRange((byte)0, (byte)1) >= 0
            || tensor.Int32Data.Any(value => value is not (0 or 1))))
            throw new InvalidDataException($"{what} holds truth values other than 0 and 1.");
        return count;
    }

    private static long CountOf(TensorProto tensor, string what)
    {
        if (tensor.Dims.Count > MostRank)
            throw new InvalidDataException($"{what} has {tensor.Dims.Count} axes; at most {MostRank} are read.");
        long count = 1;
        foreach (long length in tensor.Dims)
        {
            if (length < 0 || length > int.MaxValue)
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{what} has an axis of length {length}; expected 0 to {int.MaxValue}."));
            // An empty axis does not make the others harmless: their product is taken all the same.
            count *= Math.Max(1, length);
            if (count > int.MaxValue)
                throw new InvalidDataException(
                    $"{what} has the shape [{string.Join(", ", tensor.Dims)}], which is more elements than a file can hold.");
        }
        return tensor.Dims.Contains(0) ? 0 : count;
    }

    /// <summary>How many numbers stand in the field that the format has for a type.</summary>
    private static int TypedFieldOf(TensorProto tensor, int type) => type switch
    {
        TensorTypes.Single or TensorTypes.Complex64 => tensor.FloatData.Count,
        TensorTypes.Double or TensorTypes.Complex128 => tensor.DoubleData.Count,
        TensorTypes.Int64 => tensor.Int64Data.Count,
        TensorTypes.UInt32 or TensorTypes.UInt64 => tensor.Uint64Data.Count,
        _ => tensor.Int32Data.Count,
    };
}
