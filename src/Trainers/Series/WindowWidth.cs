using System.Globalization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>How many steps a window of a time series has.</summary>
public sealed record WindowWidth
{
    /// <summary>The number of steps by default.</summary>
    public const int DefaultSteps = 100;

    /// <summary>The steps where the autocorrelation has no peak.</summary>
    internal const int WithoutPeak = 125;

    private WindowWidth()
    {
    }

    internal int? Count { get; private init; }

    internal TimeSpan? Span { get; private init; }

    internal (int Least, int Most) Lags { get; private init; }

    /// <summary>A number of steps.</summary>
    /// <param name="count">The number, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less than 2.</exception>
    public static WindowWidth Steps(int count)
    {
        Require.AtLeast(count, 2, nameof(count));
        return new() { Count = count };
    }

    /// <summary>As many steps as a time has; the data need a time column with dates.</summary>
    /// <param name="time">The time, more than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is 0 or less.</exception>
    public static WindowWidth Duration(TimeSpan time)
    {
        Require.InRange(time > TimeSpan.Zero, time, nameof(time), "more than 0");
        return new() { Span = time };
    }

    /// <summary>
    /// The lag of the largest peak of the training values' autocorrelation, such as the steps of a day; where it has no peak, 125.
    /// </summary>
    /// <param name="least">The least lag, at least 2. The default value is 3.</param>
    /// <param name="most">The largest lag. The default value is 400.</param>
    /// <exception cref="ArgumentOutOfRangeException">The least is less than 2, or the largest not more than the least.</exception>
    public static WindowWidth Autocorrelation(int least = 3, int most = 400)
    {
        Require.AtLeast(least, 2, nameof(least));
        Require.AtLeast(most, least + 1, nameof(most));
        return new() { Lags = (least, most) };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(Count is { } count ? $"{count} steps" : Span is { } span ? $"{span}" : $"autocorrelation from {Lags.Least} to {Lags.Most}")}");

    /// <summary>The lag of the largest peak of an autocorrelation, or null.</summary>
    /// <param name="values">The values of one series, without missing ones.</param>
    internal int? FindPeak(float[] values)
    {
        double mean = values.Average(value => (double)value);
        double[] centered = Array.ConvertAll(values, value => value - mean);
        double variance = centered.Sum(value => value * value);
        int most = Math.Min(Lags.Most, values.Length / 2 - 1);
        if (variance == 0 || most <= Lags.Least)
            return null;
        double[] correlations = [.. Enumerable.Range(0, most + 2).Select(lag =>
        {
            double sum = 0;
            for (int i = lag; i < centered.Length; i++)
                sum += centered[i] * centered[i - lag];
            return sum / variance;
        })];
        int[] peaks = [.. Enumerable.Range(Lags.Least, most - Lags.Least + 1).Where(lag => correlations[lag] > correlations[lag - 1]
            && correlations[lag] >= correlations[lag + 1] && correlations[lag] > 0)];
        return peaks.Length == 0 ? null : peaks.MaxBy(lag => correlations[lag]);
    }
}
