namespace MLNetAutoencoder;

/// <summary>Consecutive rows of a series as one place of a chart: the least and the largest of each number.</summary>
internal sealed class TraceBin(double first, int channels)
{
    /// <summary>The place of the first of the rows: its time, or its number.</summary>
    public double First { get; } = first;

    public int Rows { get; set; }

    public bool IsFlagged { get; set; }

    public bool IsAnomaly { get; set; }

    public Extent Score = Extent.Empty;

    /// <summary>The values of each channel, and what was expected.</summary>
    public Extent[] Values { get; } = Empty(channels);

    /// <inheritdoc cref="Values"/>
    public Extent[] Expected { get; } = Empty(channels);

    /// <summary>Takes the rows of the next one.</summary>
    public void Take(TraceBin next)
    {
        Rows += next.Rows;
        IsFlagged |= next.IsFlagged;
        IsAnomaly |= next.IsAnomaly;
        Score.Add(next.Score);
        for (int channel = 0; channel < Values.Length; channel++)
        {
            Values[channel].Add(next.Values[channel]);
            Expected[channel].Add(next.Expected[channel]);
        }
    }

    private static Extent[] Empty(int channels)
    {
        var extents = new Extent[channels];
        Array.Fill(extents, Extent.Empty);
        return extents;
    }
}

/// <summary>From the least to the largest of some numbers.</summary>
internal record struct Extent(float Least, float Most)
{
    public static readonly Extent Empty = new(float.PositiveInfinity, float.NegativeInfinity);

    public readonly bool IsEmpty => Least > Most;

    public void Add(float value)
    {
        if (float.IsFinite(value))
            Add(new Extent(value, value));
    }

    public void Add(Extent other) => (Least, Most) = (Math.Min(Least, other.Least), Math.Max(Most, other.Most));
}

/// <summary>A series as a chart needs it: in so few bins that each is a place of the chart.</summary>
internal sealed class SeriesTrace(string name, int channels, int seed)
{
    private const int MostBins = 800, MostResiduals = 256;

    private readonly RandomSample<float[]> _residuals = new(MostResiduals, seed);
    private int _perBin = 1;

    /// <summary>The key of the series; empty where there is none.</summary>
    public string Name { get; } = name;

    public long Count { get; private set; }

    public List<TraceBin> Bins { get; private set; } = [];

    /// <summary>The place of the last row.</summary>
    public double Last { get; private set; }

    /// <summary>The highest score; NaN where no row has one.</summary>
    public float HighestScore { get; private set; } = float.NaN;

    /// <summary>The largest error of each channel.</summary>
    public float[] LargestErrors { get; } = new float[channels];

    public bool HasAlarm { get; private set; }

    /// <summary>The alarm that goes on at the present row.</summary>
    public SeriesAlarm? Open { get; set; }

    public static long NumbersOfBin(int channels) => 16 + 4L * channels;

    public void Add(double place, ReadRow row)
    {
        Count++;
        Last = place;
        if (Bins.Count == 0 || Bins[^1].Rows >= _perBin)
        {
            if (Bins.Count == MostBins)
                Halve();
            if (Bins.Count == 0 || Bins[^1].Rows >= _perBin)
                Bins.Add(new TraceBin(place, channels));
        }
        var bin = Bins[^1];
        bin.Rows++;
        bin.IsFlagged |= row.IsFlagged;
        bin.IsAnomaly |= row.IsAnomaly;
        bin.Score.Add(row.Score);
        for (int channel = 0; channel < channels; channel++)
        {
            bin.Values[channel].Add(row.Features[channel]);
            bin.Expected[channel].Add(row.Expected[channel]);
            if (row.Errors[channel] > LargestErrors[channel])
                LargestErrors[channel] = row.Errors[channel];
        }
        HasAlarm |= row.IsFlagged;
        if (!float.IsFinite(row.Score))
            return;
        HighestScore = HighestScore >= row.Score ? HighestScore : row.Score;
        if (!row.IsFlagged && _residuals.Next() is { } drawn)
            _residuals.Put(drawn, [.. row.Features.Zip(row.Expected, (value, expected) => Math.Abs(value - expected))]);
    }

    /// <summary>Puts two bins each together.</summary>
    public void Halve()
    {
        _perBin *= 2;
        List<TraceBin> halved = new((Bins.Count + 1) / 2);
        for (int i = 0; i < Bins.Count; i++)
        {
            if (i % 2 == 0)
                halved.Add(Bins[i]);
            else
                halved[^1].Take(Bins[i]);
        }
        Bins = halved;
    }

    /// <summary>
    /// The median distance of a channel's values from the expected ones, in rows that are not flagged; NaN where there are none.
    /// </summary>
    public double MedianResidual(int channel)
    {
        float[] sorted = [.. _residuals.Items.Select(row => row[channel]).Where(float.IsFinite).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
