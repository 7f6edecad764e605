using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Where a detector measures the distances between rows.</summary>
internal sealed class NeighborSpace
{
    private readonly FeatureScaling _scaling;
    private readonly Func<TrainingData, long[], float[]>? _codes;

    /// <param name="name">Names the part of the graph.</param>
    /// <param name="scaling">The scaling of the features.</param>
    /// <param name="ranks">What turns scaled features into ranks, where these are compared.</param>
    /// <param name="codes">Gives the codes of some rows, by their numbers, where these are compared.</param>
    private NeighborSpace(
        string name, FeatureScaling scaling, RankGauss? ranks = null, Func<TrainingData, long[], float[]>? codes = null) =>
        (Name, _scaling, Ranks, _codes) = (name, scaling, ranks, codes);

    public string Name { get; }

    public RankGauss? Ranks { get; }

    public bool IsCode => _codes is not null;

    public static NeighborSpace OfFeatures(FeatureScaling scaling) => new("neighbors", scaling);

    /// <summary>The ranks among so many rows as are enough to tell them.</summary>
    public static NeighborSpace OfRanks(FeatureScaling scaling, TrainingData data, long seed)
    {
        const int mostRanked = 10_000;
        var selection = new SelectionSampling(data.Count, Math.Min(data.Count, mostRanked), seed);
        long[] numbers = [.. Enumerable.Range(0, (int)data.Count).Where(_ => selection.Takes()).Select(row => (long)row)];
        return new NeighborSpace("neighbors_of_ranks", scaling, RankGaussFit.Of(Scaled(data, scaling, numbers), data.Layout.Features));
    }

    public static NeighborSpace OfCodes(FeatureScaling scaling, Func<TrainingData, long[], float[]> codes) =>
        new("neighbors_of_codes", scaling, codes: codes);

    /// <summary>Some rows, as the graph shares distances out over their features, and what of them is compared.</summary>
    public (float[] Rows, float[] Keys) Read(TrainingData data, long[] numbers)
    {
        float[] rows = Scaled(data, _scaling, numbers);
        int d = data.Layout.Features;
        for (int i = 0; Ranks is not null && i < rows.Length; i += d)
            Ranks.Map(rows.AsSpan(i, d));
        return (rows, _codes?.Invoke(data, numbers) ?? rows);
    }

    /// <summary>Scaled rows, in which a missing value is the mean.</summary>
    /// <param name="data">The training rows.</param>
    /// <param name="scaling">Their scaling.</param>
    /// <param name="numbers">The numbers of the wanted ones, rising.</param>
    public static float[] Scaled(TrainingData data, FeatureScaling scaling, long[] numbers)
    {
        int d = data.Layout.Features, place = 0;
        float[] rows = new float[numbers.Length * d];
        using var pass = data.Open();
        for (long row = 0; pass.MoveNext(); row++)
        {
            if (place < numbers.Length && row == numbers[place])
                Scale(scaling, pass.Record[..d], rows.AsSpan(place++ * d, d));
        }
        return rows;
    }

    public static void Scale(FeatureScaling scaling, ReadOnlySpan<float> row, Span<float> scaled)
    {
        for (int j = 0; j < row.Length; j++)
            scaled[j] = scaling.Scale(j, float.IsFinite(row[j]) ? row[j] : scaling.Means[j]);
    }
}
