using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The training rows that a detector keeps, and what their distances to each other are.</summary>
internal sealed class KeptRows
{
    private const int Neighbors = 3, NeighborsOfRepeated = 10;

    private const int MostRows = 8192, MostValues = 1 << 20, QueriesAtATime = 512;

    /// <summary>Of more rows that stand there twice, the distance to the neighbors says nothing of how far apart rows are.</summary>
    private const double MostRepeated = 0.02;

    /// <summary>
    /// Rows that may be anomalies are told by their distance to a neighbor: one in so many of the kept rows, and at
    /// least this one.
    /// </summary>
    private const int FarShare = 25, LeastFarNeighbor = 10;

    private readonly float[] _rows, _scales;
    private readonly Dictionary<long, int> _places;
    private readonly NeighborSpace _space;
    private readonly float[] _keys;
    private readonly int _width, _k;

    // The nearest others of each kept row, one more than are wanted, and what is added to their mean distance; null where scales are 1.
    private readonly (float[] Distances, long[] Places)[]? _own;
    private readonly float _typical;

    private KeptRows(NeighborSpace space, float[] rows, float[] keys, float[] scales, long[] numbers, int k,
        (float[] Distances, long[] Places)[]? own, float typical)
    {
        (_space, _rows, _keys, _scales, _width, _k) = (space, rows, keys, scales, keys.Length / numbers.Length, k);
        (_own, _typical) = (own, typical);
        _places = numbers.Select((number, place) => (number, place)).ToDictionary(pair => pair.number, pair => pair.place);
    }

    /// <summary>Chooses rows.</summary>
    /// <param name="data">The training rows.</param>
    /// <param name="space">Where their distances are measured.</param>
    /// <param name="neighbors">How many neighbors a row has; null for as many as is usual.</param>
    /// <param name="most">How many rows are kept at most; null for as many as is usual.</param>
    /// <param name="seed">The seed of the fit.</param>
    /// <param name="cancellation">Ends it.</param>
    public static KeptRows Choose(TrainingData data, NeighborSpace space, int? neighbors, int? most, long seed,
        CancellationToken cancellation)
    {
        long[] numbers = Select(data, most, seed);
        int count = numbers.Length;
        var (rows, keys) = space.Read(data, numbers);
        int compared = Math.Min(neighbors ?? Neighbors, count - 1);
        var own = Own(keys, keys.Length / count, compared + 1, cancellation);
        float[] means = Array.ConvertAll(own, nearest => nearest.Distances.Take(compared).Average());
        float typical = means.Order().ElementAt(count / 2);
        bool isRepeated = own.Count(nearest => nearest.Distances[0] == 0) > MostRepeated * count || typical == 0;
        int k = Math.Min(neighbors ?? (isRepeated ? NeighborsOfRepeated : Neighbors), count - 1);
        float[] scales = isRepeated ? Enumerable.Repeat(1f, count).ToArray() : Array.ConvertAll(means, mean => mean + typical);
        return new KeptRows(space, rows, keys, scales, numbers, k, isRepeated ? null : own, typical);
    }

    /// <summary>
    /// The numbers of the rows that lie farthest from others, as a share of all: by the distance to so distant a
    /// neighbor that a small group
    /// of equal rows does not reach it.
    /// </summary>
    public static HashSet<long> Farthest(TrainingData data, FeatureScaling scaling, double share, long seed, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        int d = data.Layout.Features;
        long[] numbers = Select(data, most: null, seed);
        var memory = Memory(NeighborSpace.Scaled(data, scaling, numbers), d);
        int neighbor = Math.Min(Math.Max(LeastFarNeighbor, numbers.Length / FarShare), numbers.Length - 1), next = 0, length = 0;
        var far = new float[data.Count];
        float[] queries = new float[QueriesAtATime * d];
        var selves = new long[QueriesAtATime];
        using var pass = data.Open();
        for (long row = 0; row < far.Length; row++)
        {
            pass.MoveNext();
            NeighborSpace.Scale(scaling, pass.Record[..d], queries.AsSpan(length * d, d));
            selves[length++] = next < numbers.Length && numbers[next] == row ? next++ : -1;
            if (length < QueriesAtATime && row + 1 < far.Length)
                continue;
            cancellation.ThrowIfCancellationRequested();
            var (distances, _) = Nearest(memory, queries.AsSpan(0, length * d), d, neighbor, selves[..length]);
            for (int i = 0; i < length; i++)
                far[row - length + 1 + i] = distances[(i + 1) * neighbor - 1];
            length = 0;
        }
        pass.MoveNext();
        return [.. Enumerable.Range(0, far.Length).OrderByDescending(i => far[i]).Take(Math.Min((int)(share * far.Length), far.Length - 2))
            .Select(i => (long)i)];
    }

    /// <summary>What the graph keeps.</summary>
    /// <param name="weight">What the distance is multiplied by.</param>
    public NeighborMemory ToMemory(float weight) => new(_space.Name, _rows, _scales, _k, weight)
    {
        Ranks = _space.Ranks,
        Codes = _space.IsCode ? _keys : null,
    };

    /// <summary>
    /// The scores of some rows as the graph gives them to rows that are not kept: no row is a neighbor of itself, nor one of its neighbors'
    /// neighbors.
    /// </summary>
    /// <param name="data">The training rows, or others.</param>
    /// <param name="wanted">The numbers of the rows, rising.</param>
    /// <param name="areOthers">Whether none of them is kept.</param>
    public double[] Distances(TrainingData data, long[] wanted, bool areOthers = false)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var memory = Memory(_keys, _width);
        float[] queries = _space.Read(data, wanted).Keys;
        double[] scores = new double[wanted.Length];
        for (int start = 0; start < wanted.Length; start += QueriesAtATime)
        {
            int count = Math.Min(QueriesAtATime, wanted.Length - start);
            long[] selves = [.. wanted.Skip(start).Take(count).Select(row => areOthers ? -1L : _places.GetValueOrDefault(row, -1))];
            var (distances, places) = Nearest(memory, queries.AsSpan(start * _width, count * _width), _width, _k, selves);
            for (int i = 0; i < count; i++)
            {
                double scale = Enumerable.Range(0, _k).Average(j => ScaleWithout(places[i * _k + j], selves[i]));
                scores[start + i] = Enumerable.Range(0, _k).Average(j => (double)distances[i * _k + j]) / scale;
            }
        }
        return scores;
    }

    /// <summary>What the distance to a kept row would be divided by if another one were not kept.</summary>
    private double ScaleWithout(long row, long other)
    {
        if (_own is null || other < 0)
            return _scales[row];
        var (distances, places) = _own[row];
        if (Array.IndexOf(places, other, 0, Math.Min(_k, places.Length)) < 0)
            return _scales[row];
        double[] others = [.. Enumerable.Range(0, places.Length).Where(j => places[j] != other).Take(_k).Select(j => (double)distances[j])];
        return others.Length == 0 ? _scales[row] : others.Average() + _typical;
    }

    /// <summary>The numbers of rows that are drawn at random.</summary>
    private static long[] Select(TrainingData data, int? most, long seed)
    {
        int count = (int)Math.Min(data.Count, most ?? Math.Max(16, Math.Min(MostRows, MostValues / data.Layout.Features)));
        var selection = new SelectionSampling(data.Count, count, seed);
        var numbers = new List<long>(count);
        for (long row = 0; row < data.Count; row++)
        {
            if (selection.Takes())
                numbers.Add(row);
        }
        return [.. numbers];
    }

    /// <summary>The nearest others of each row, and their distances, rising.</summary>
    private static (float[] Distances, long[] Places)[] Own(float[] rows, int d, int k, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var memory = Memory(rows, d);
        int count = rows.Length / d;
        k = Math.Min(k, count - 1);
        var own = new (float[], long[])[count];
        for (int start = 0; start < count; start += QueriesAtATime)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(QueriesAtATime, count - start);
            var (distances, places) = Nearest(memory, rows.AsSpan(start * d, length * d), d, k,
                [.. Enumerable.Range(start, length).Select(i => (long)i)]);
            for (int i = 0; i < length; i++)
                own[start + i] = (distances[(i * k)..((i + 1) * k)], places[(i * k)..((i + 1) * k)]);
        }
        return own;
    }

    /// <summary>The nearest kept rows, by <c>NeighborGraph</c>'s way: candidates by a product, then their differences.</summary>
    /// <param name="memory">The kept rows and their squared lengths.</param>
    /// <param name="queries">The rows, [b, d].</param>
    /// <param name="d">The number of features.</param>
    /// <param name="k">How many are wanted.</param>
    /// <param name="selves">The place of each row among the kept ones, -1 for none.</param>
    private static (float[] Distances, long[] Places) Nearest(
        (Tensor Rows, Tensor Squares) memory, ReadOnlySpan<float> queries, int d, int k,
        long[] selves)
    {
        using var scope = NewDisposeScope();
        int count = selves.Length, all = (int)memory.Squares.shape[0];
        var rows = tensor(queries.ToArray(), [count, d], dtype: ScalarType.Float32, device: CPU);
        var relative = rows.matmul(memory.Rows.t()).Times(-2).Plus(memory.Squares);
        int candidates = Math.Min(all, k + NeighborMemory.Reserve + 1);
        var (_, found) = relative.topk(candidates, largest: false);
        var squared = (memory.Rows[found] - rows.unsqueeze(1)).Squared().sum(2);
        var foundPlaces = MemoryMarshal.Cast<byte, long>(found.bytes).ToArray();
        var exact = MemoryMarshal.Cast<byte, float>(squared.bytes).ToArray();
        float[] distances = new float[count * k];
        long[] places = new long[count * k];
        for (int i = 0; i < count; i++)
        {
            var nearest = Enumerable.Range(i * candidates, candidates).Where(at => foundPlaces[at] != selves[i])
                .OrderBy(at => exact[at]).Take(k).ToArray();
            for (int j = 0; j < k; j++)
                (distances[i * k + j], places[i * k + j]) = (MathF.Sqrt(exact[nearest[j]]), foundPlaces[nearest[j]]);
        }
        return (distances, places);
    }

    private static (Tensor Rows, Tensor Squares) Memory(float[] rows, int d)
    {
        var memory = tensor(rows, [rows.Length / d, d], dtype: ScalarType.Float32, device: CPU);
        return (memory, memory.Squared().sum(1));
    }
}
