using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Fits <see cref="RankGauss"/> to rows.</summary>
internal static class RankGaussFit
{
    private const int MostKnots = 33, TailKnots = 3;

    /// <summary>
    /// The function through some quantiles of each feature. Beyond the least and the largest value it goes on as steeply as the outermost
    /// of them show, but not more steeply than scaled features do.
    /// </summary>
    /// <param name="rows">The scaled rows, [n, d] row by row.</param>
    /// <param name="d">The number of features.</param>
    public static RankGauss Of(float[] rows, int d)
    {
        int count = rows.Length / d;
        float[] column = new float[count];
        List<(float[] Values, double[] Ranks)> knots = [];
        for (int j = 0; j < d; j++)
        {
            for (int i = 0; i < count; i++)
                column[i] = rows[i * d + j];
            Array.Sort(column);
            knots.Add(Knots(column));
        }
        int pieces = knots.Max(feature => feature.Values.Length) + 1;
        float[] starts = new float[d * pieces], lengths = new float[d * pieces], slopes = new float[d * pieces], bases = new float[d];
        for (int j = 0; j < d; j++)
        {
            var (values, ranks) = knots[j];
            double[] normal = Normal(ranks);
            int last = values.Length - 1, tail = Math.Min(TailKnots, last);

            // The first piece ends where it starts, and goes on below; the last one goes on above.
            int at = j * pieces;
            bases[j] = (float)normal[0];
            (starts[at], slopes[at]) = (values[0], Tail(values[tail] - values[0], normal[tail] - normal[0]));
            for (int i = 0; i < last; i++)
                (starts[at + i + 1], lengths[at + i + 1], slopes[at + i + 1]) = (values[i], values[i + 1] - values[i],
                    (float)((normal[i + 1] - normal[i]) / (values[i + 1] - values[i])));
            (starts[at + last + 1], lengths[at + last + 1], slopes[at + last + 1]) = (values[last], RankGauss.Endless,
                Tail(values[last] - values[last - tail], normal[last] - normal[last - tail]));
        }
        return new RankGauss(pieces, starts, lengths, slopes, bases);

        static float Tail(double run, double rise) => run > 0 ? (float)Math.Min(rise / run, 1) : 1;
    }

    /// <summary>Some of the values of a feature, and the shares of the rows below them, with half of the rows that have the same.</summary>
    private static (float[] Values, double[] Ranks) Knots(float[] sorted)
    {
        List<(float Value, double Rank)> all = [];
        for (int start = 0, end = 0; start < sorted.Length; start = end)
        {
            while (end < sorted.Length && sorted[end] == sorted[start])
                end++;
            all.Add((sorted[start], (start + end) / 2.0 / sorted.Length));
        }
        int count = Math.Min(MostKnots, all.Count);
        double least = all[0].Rank, step = (all[^1].Rank - least) / Math.Max(1, count - 1);
        int[] places = [.. Enumerable.Range(0, count).Select(i => Math.Min(all.Count - 1,
            all.FindIndex(pair => pair.Rank >= least + i * step - 1e-12) is var found and >= 0 ? found : all.Count - 1)).Distinct()];
        return ([.. places.Select(place => all[place].Value)], [.. places.Select(place => all[place].Rank)]);
    }

    /// <summary>The values below which a standard normal distribution has these shares.</summary>
    private static double[] Normal(double[] shares)
    {
        using var scope = NewDisposeScope();
        var inverse = tensor(Array.ConvertAll(shares, share => 2 * share - 1), dtype: ScalarType.Float64).erfinv().Times(Math.Sqrt(2));
        return MemoryMarshal.Cast<byte, double>(inverse.bytes).ToArray();
    }
}
