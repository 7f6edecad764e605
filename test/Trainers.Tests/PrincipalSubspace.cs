namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Principal component analysis in plain C#, by Jacobi's rotations of the covariance: independent of everything under
/// test.
/// </summary>
internal sealed class PrincipalSubspace
{
    private readonly double[] _mean;

    public PrincipalSubspace(float[][] rows)
    {
        int d = rows[0].Length;
        _mean = [.. Enumerable.Range(0, d).Select(j => rows.Average(row => (double)row[j]))];
        var covariance = new double[d, d];
        foreach (float[] row in rows)
        {
            for (int a = 0; a < d; a++)
                for (int b = 0; b < d; b++)
                    covariance[a, b] += (row[a] - _mean[a]) * (row[b] - _mean[b]) / rows.Length;
        }
        (Variances, Directions) = Eigen(covariance);
    }

    /// <summary>The variances along the components, the largest first.</summary>
    public double[] Variances { get; }

    /// <summary>The components, of length 1.</summary>
    public double[][] Directions { get; }

    /// <summary>The mean squared error of rows that are projected on the leading components.</summary>
    public double Error(float[][] rows, int components) => rows.Average(row =>
    {
        double[] rest = [.. row.Select((value, j) => value - _mean[j])];
        foreach (double[] direction in Directions.Take(components))
        {
            double share = Dot(rest, direction);
            for (int j = 0; j < rest.Length; j++)
                rest[j] -= share * direction[j];
        }
        return Dot(rest, rest) / rest.Length;
    });

    /// <summary>The cosines of the principal angles between the spans of two sets of as many vectors, the largest angle last.</summary>
    public static double[] Cosines(double[][] first, double[][] second)
    {
        // The singular values of Q₁ᵀQ₂ (Björck and Golub 1973).
        double[][] a = Orthonormal(first), b = Orthonormal(second);
        int k = a.Length;
        var product = new double[k, k];
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++)
                product[i, j] = b.Sum(vector => Dot(a[i], vector) * Dot(a[j], vector));
        return [.. Eigen(product).Values.Select(value => Math.Sqrt(Math.Max(value, 0)))];
    }

    /// <summary>Eigenvalues, the largest first, and eigenvectors of a symmetric matrix (Jacobi 1846, in cycles).</summary>
    private static (double[] Values, double[][] Vectors) Eigen(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        var vectors = new double[n, n];
        for (int i = 0; i < n; i++)
            vectors[i, i] = 1;
        for (int sweep = 0; sweep < 30; sweep++)
        {
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    Rotate(matrix, vectors, p, q);
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => matrix[i, i])];
        return ([.. order.Select(i => matrix[i, i])], [.. order.Select(i => Enumerable.Range(0, n).Select(j => vectors[j, i]).ToArray())]);
    }

    private static void Rotate(double[,] matrix, double[,] vectors, int p, int q)
    {
        if (Math.Abs(matrix[p, q]) < 1e-18)
            return;
        double theta = (matrix[q, q] - matrix[p, p]) / (2 * matrix[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        int n = matrix.GetLength(0);
        for (int i = 0; i < n; i++)
            (matrix[i, p], matrix[i, q]) = (c * matrix[i, p] - s * matrix[i, q], s * matrix[i, p] + c * matrix[i, q]);
        for (int i = 0; i < n; i++)
            (matrix[p, i], matrix[q, i]) = (c * matrix[p, i] - s * matrix[q, i], s * matrix[p, i] + c * matrix[q, i]);
        for (int i = 0; i < n; i++)
            (vectors[i, p], vectors[i, q]) = (c * vectors[i, p] - s * vectors[i, q], s * vectors[i, p] + c * vectors[i, q]);
    }

    /// <summary>Gram and Schmidt's.</summary>
    private static double[][] Orthonormal(double[][] vectors)
    {
        List<double[]> found = [];
        foreach (double[] vector in vectors)
        {
            double[] rest = [.. vector];
            foreach (double[] other in found.Concat(found))
            {
                double share = Dot(rest, other);
                rest = [.. rest.Zip(other, (x, y) => x - share * y)];
            }
            double length = Math.Sqrt(Dot(rest, rest));
            found.Add(Array.ConvertAll(rest, x => x / length));
        }
        return [.. found];
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
