namespace MLNetAutoencoder.Onnx;

/// <summary>Symmetric matrices of one size, one after another, by their lower triangles row by row.</summary>
internal static class SymmetricMatrices
{
    /// <summary>The lower triangles; the values as they are where they are no symmetric matrices of that size.</summary>
    public static IReadOnlyList<float> Pack(IReadOnlyList<float> values, int size)
    {
        int count = values.Count / size / size;
        if (count == 0 || values.Count != (long)count * size * size || !IsSymmetric(values, size))
            return values;
        var lower = new List<float>(count * size * (size + 1) / 2);
        for (int matrix = 0; matrix < count; matrix++)
            for (int row = 0; row < size; row++)
                for (int column = 0; column <= row; column++)
                    lower.Add(values[(matrix * size + row) * size + column]);
        return lower;
    }

    /// <summary>The matrices of so many lower triangles; the values as they are where there are more or fewer of them.</summary>
    public static IReadOnlyList<float> Unpack(IReadOnlyList<float> lower, int size, int count)
    {
        long triangle = (long)size * (size + 1) / 2;
        if (size == 1 || lower.Count == 0 || lower.Count != count * triangle)
            return lower;
        float[] values = new float[count * size * size];
        for (int matrix = 0, next = 0; matrix < count; matrix++)
            for (int row = 0; row < size; row++)
                for (int column = 0; column <= row; column++, next++)
                    values[(matrix * size + row) * size + column] = values[(matrix * size + column) * size + row] = lower[next];
        return values;
    }

    private static bool IsSymmetric(IReadOnlyList<float> values, int size)
    {
        for (int i = 0; i < values.Count; i++)
        {
            int matrix = i / size / size, row = i / size % size, column = i % size;
            if (!values[i].Equals(values[(matrix * size + column) * size + row]))
                return false;
        }
        return true;
    }
}
