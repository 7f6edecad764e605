namespace MLNetAutoencoder;

/// <summary>The first two principal components of codes, by power iteration on the codes themselves.</summary>
internal static class PrincipalPlane
{
    private const int Iterations = 60;

    /// <summary>The codes in the plane, and the share of their variance that it holds.</summary>
    /// <param name="codes">The codes, of at least two units; at least one.</param>
    public static ((double X, double Y)[] Points, double Share) Of(IReadOnlyList<float[]> codes)
    {
        int size = codes[0].Length;
        double[] mean = [.. Enumerable.Range(0, size).Select(j => codes.Average(code => (double)code[j]))];
        double[][] centered = [.. codes.Select(code => code.Select((value, j) => value - mean[j]).ToArray())];
        double total = centered.Sum(row => Dot(row, row)), held = 0;
        var axes = new double[2][];
        for (int a = 0; a < 2; a++)
        {
            double[] axis = Axis(centered, size, seed: a);
            axes[a] = [.. centered.Select(row => Dot(row, axis))];
            held += Dot(axes[a], axes[a]);
            for (int i = 0; i < centered.Length; i++)
            {
                for (int j = 0; j < size; j++)
                    centered[i][j] -= axes[a][i] * axis[j];
            }
        }
        return ([.. axes[0].Zip(axes[1])], total > 0 ? held / total : 1);
    }

    private static double[] Axis(double[][] rows, int size, int seed)
    {
        var random = new Random(seed);
        double[] axis = [.. Enumerable.Range(0, size).Select(_ => random.NextDouble() - 0.5)];
        for (int iteration = 0; iteration < Iterations; iteration++)
        {
            var next = new double[size];
            foreach (double[] row in rows)
            {
                double product = Dot(row, axis);
                for (int j = 0; j < size; j++)
                    next[j] += product * row[j];
            }
            double length = Math.Sqrt(Dot(next, next));
            if (length is 0 or double.NaN)
                return new double[size];
            axis = Array.ConvertAll(next, value => value / length);
        }
        return axis;
    }

    private static double Dot(double[] a, double[] b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }
}
