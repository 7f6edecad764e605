using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The windows that are trained on and those that are held out.</summary>
internal sealed class TrainingWindows : IDisposable
{
    // What tells the step, and the width where it comes from the autocorrelation.
    private const int MostTimes = 100_000, MostValues = 20_000;

    private const int MostHeldOut = 8192;

    private readonly RowBuffer _training, _heldOut;
    private readonly List<int> _runs;

    private TrainingWindows(TrainingColumns columns, RowBuffer training, RowBuffer heldOut, List<int> runs, RowReading reading)
    {
        (Columns, _training, _heldOut, _runs) = (columns, training, heldOut, runs);
        (Training, HeldOut) = (TrainingData.Of(training, columns, reading), TrainingData.Of(heldOut, columns, reading));
    }

    public TrainingColumns Columns { get; }

    public WindowDescription Description => Columns.Windows!;

    public TrainingData Training { get; }

    /// <summary>The last windows of each series, one series after the other, in their order.</summary>
    public TrainingData HeldOut { get; }

    public void Dispose()
    {
        _training.Dispose();
        _heldOut.Dispose();
    }

    /// <summary>Reads series, and cuts windows out of them.</summary>
    public static TrainingWindows Cut(IDataView input, TimeSeriesEstimator.Options options, long seed, IChannel channel)
    {
        var columns = SeriesColumns.Find(
            input.Schema, options.FeatureColumnName, channels: 0, options.TimeColumnName, options.KeyColumnName);
        var labels = options.LabelColumnName is { } label ? AnomalyLabels.Find(input.Schema, label, options.AnomalyLabelValue) : null;
        var description = Describe(input, columns, options);
        long[] counts = Count(input, columns, description, labels, options, channel);

        // The last windows of a series are held out, and those between share steps with them.
        long[] heldOut = Array.ConvertAll(counts, count => (long)Math.Ceiling(options.HeldOutShare * count));
        long[] trained = [.. counts.Zip(heldOut, (count, held) =>
            count == 0 ? 0 : Math.Max(1, Math.Min(count - held, Math.Max(count - held - description.Width + 1, (count - held) / 2))))];
        if (heldOut.Sum() < description.Width)
            channel.Warning(MessageSensitivity.None,
                $"Only {heldOut.Sum()} windows are held out, fewer than a window has steps, {description.Width}: they overlap, and the " +
                $"threshold comes from few steps. Give more rows, or a larger {nameof(options.HeldOutShare)}.");
        long[] firstHeld = [.. counts.Zip(heldOut, (count, held) => count - held)];
        double heldShare = Math.Min(1, MostHeldOut / (double)Math.Max(1, heldOut.Sum()));
        heldOut = Array.ConvertAll(heldOut, held => held == 0 ? 0 : Math.Max(1, (long)(held * heldShare)));

        var names = description.FeatureNames();
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(options.FeatureColumnName, new VectorDataViewType(NumberDataViewType.Single, names.Length));
        var trainingColumns = new TrainingColumns { Features = schema.ToSchema()[0], FeatureNames = names, Windows = description };
        RowBuffer training = new(names.Length), held = new(names.Length);
        try
        {
            // The held-out windows of each series, by series.
            var ofSeries = counts.Select(_ => new List<float[]>()).ToArray();
            var selection = new SelectionSampling(trained.Sum(), Math.Min(trained.Sum(), options.MostWindows), seed);
            long[] seen = new long[counts.Length];
            float[] window = new float[names.Length];
            foreach (var reader in Windows(input, columns, description, labels, options))
            {
                int series = reader.Series;
                if (series >= counts.Length || seen[series] == counts[series])
                    throw OtherRows();
                long place = seen[series]++;
                bool isHeld = place >= firstHeld[series] && place < firstHeld[series] + heldOut[series];
                bool isTrained = place < trained[series] && selection.Takes();
                if (!isHeld && !isTrained)
                    continue;
                reader.Window.CopyTo(window);
                if (options.RemovesLevel)
                    RemoveLevel(window, description.Width);
                if (isTrained)
                    training.Add(window);
                if (isHeld)
                    ofSeries[series].Add([.. window]);
            }
            if (!seen.SequenceEqual(counts))
                throw OtherRows();
            foreach (float[] row in ofSeries.SelectMany(rows => rows))
                held.Add(row);
            var reading = new RowReading { MissingValues = options.MissingValues, Seed = seed, Cancellation = options.Cancellation };
            return new TrainingWindows(trainingColumns, training, held, [.. ofSeries.Select(rows => rows.Count).Where(count => count > 0)],
                reading);
        }
        catch
        {
            training.Dispose();
            held.Dispose();
            throw;
        }

        static InvalidOperationException OtherRows() => new(
            "The data view gave other rows than when it was first read. A view must give the same rows each time: save the data to a " +
            "file first.");
    }

    /// <summary>The description with what the held-out windows say of covering scores.</summary>
    public WindowDescription MeasureCovering(AutoencoderModel model, ThresholdRule rule)
    {
        var statistics = new RowStatistics(model.Metadata.CodeSize);
        double power = SeriesScoring.PowerOf(model.Metadata);
        List<float> scores = [];
        TrainingScores.Compute(model, HeldOut, (score, _) => scores.Add(score));
        int start = 0;
        foreach (int length in _runs)
        {
            // Few windows give few means over as many as cover a step: then a mean over fewer, which varies more, stands for it.
            int covering = Math.Min(Description.Width, Math.Max(1, length / 2));
            float[] run = [.. scores.Skip(start).Take(length)];
            for (int i = 0; i + covering <= length; i++)
            {
                double[] finite = [.. run.Skip(i).Take(covering).Where(float.IsFinite).Select(score => Math.Pow(score, power))];
                if (finite.Length > 0)
                    statistics.AddScore((float)Math.Pow(finite.Average(), 1 / power));
            }
            start += length;
        }
        return statistics.Count == 0 ? Description : CoveringScores.With(Description, statistics.AddScoresTo(model.Metadata, rule));
    }

    /// <summary>What is known of the windows before they are cut: their width, and the step.</summary>
    private static WindowDescription Describe(IDataView input, SeriesColumns columns, TimeSeriesEstimator.Options options)
    {
        string[] channels = AutoencoderColumns.FeatureNames(columns.Values);
        var width = options.Width;
        var description = new WindowDescription
        {
            Width = width.Count ?? 1,
            Channels = channels,
            RemovesLevel = options.RemovesLevel,
            ValueColumn = options.FeatureColumnName,
            TimeColumn = options.TimeColumnName,
            KeyColumn = options.KeyColumnName,
            IsCovering = options.IsCovering,
            ScoresFirstSteps = options.ScoresFirstSteps,
        };
        if (columns.Time is not null)
            description = description with { Step = FindStep(input, columns, description, options) };
        if (width.Span is { } span)
        {
            Require.Not(!columns.IsDated, nameof(options.Width), width, nameof(options.TimeColumnName), options.TimeColumnName ?? "null",
                "a duration needs a column with dates or time spans");
            double steps = Math.Round(span.TotalSeconds / description.Step);
            if (!(steps >= 2 && steps <= int.MaxValue / channels.Length))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"The option {nameof(options.Width)} is {span}, which is {steps} steps of {description.Step} seconds, the step of " +
                    $"the column '{options.TimeColumnName}'; expected at least 2."));
            return description with { Width = (int)steps };
        }
        return width.Count is not null ? description : description with { Width = FindPeak(input, columns, description, width) };
    }

    /// <summary>The median of the times between the steps of each series.</summary>
    private static double FindStep(IDataView input, SeriesColumns columns, WindowDescription description,
        TimeSeriesEstimator.Options options)
    {
        List<double> times = [];
        using var reader = new SeriesReader(input, columns, description, keepsValues: false);
        while (times.Count < MostTimes && reader.MoveNext())
        {
            options.Cancellation.ThrowIfCancellationRequested();
            if (!double.IsNaN(reader.Elapsed))
                times.Add(reader.Elapsed);
        }
        times.Sort();
        return times.Count == 0 ? 0 : times[times.Count / 2];
    }

    /// <summary>The largest peak of the autocorrelation of the channels of the first series, the median over channels.</summary>
    private static int FindPeak(IDataView input, SeriesColumns columns, WindowDescription description, WindowWidth width)
    {
        var values = description.Channels.Select(_ => new List<float>()).ToArray();
        using var reader = new SeriesReader(input, columns, description);
        while (values[0].Count < MostValues && reader.MoveNext())
        {
            if (reader.Series != 0)
                continue;
            for (int channel = 0; channel < values.Length; channel++)
            {
                float value = reader.Values[channel];
                values[channel].Add(float.IsFinite(value) ? value : values[channel].LastOrDefault());
            }
        }
        int[] peaks = [.. values.Select(channel => channel.Count == 0 ? null : width.FindPeak([.. channel])).OfType<int>().Order()];
        return peaks.Length == 0 ? WindowWidth.WithoutPeak : peaks[peaks.Length / 2];
    }

    /// <summary>The number of windows of each series.</summary>
    private static long[] Count(IDataView input, SeriesColumns columns, WindowDescription description, AnomalyLabels? labels,
        TimeSeriesEstimator.Options options, IChannel channel)
    {
        List<long> counts = [];
        long rows = 0, most = 0;
        SeriesReader? ended = null;
        foreach (var reader in Windows(input, columns, description, labels, options, counts: true))
        {
            ended = reader;
            rows++;
            while (counts.Count < reader.Count)
                counts.Add(0);
            most = Math.Max(most, reader.Window.Steps);
            counts[reader.Series] += IsWindow(reader) ? 1 : 0;
        }
        if (rows == 0)
            throw new InvalidOperationException($"There are no training rows in the column '{options.FeatureColumnName}'.");
        int missing = counts.Count(count => count == 0);
        if (missing == counts.Count)
            throw new InvalidOperationException(
                $"{(counts.Count == 1 ? $"The series '{ended!.NameOf(0)}' has" : $"The longest of {counts.Count} series has")} {most} " +
                $"steps, and a window {description.Width}{(labels is null ? "" : " without a known anomaly")}; expected as many at " +
                $"least. Set a smaller {nameof(options.Width)}.");
        if (missing > 0)
        {
            int[] shorter = [.. Enumerable.Range(0, counts.Count).Where(series => counts[series] == 0).Take(10)];
            channel.Warning(MessageSensitivity.None,
                $"{missing} of {counts.Count} series have fewer steps than a window, {description.Width}, and are not trained on: " +
                $"{string.Join(", ", shorter.Select(series => $"'{ended!.NameOf(series)}'"))}{(missing > 10 ? ", ..." : "")}.");
        }
        return [.. counts];
    }

    private static bool IsWindow(SeriesReader reader) => reader.Window is { IsWhole: true, IsMarked: false };

    /// <summary>Walks over the rows with which a window ends that is trained on; or over all, without their values, to count.</summary>
    private static IEnumerable<SeriesReader> Windows(IDataView input, SeriesColumns columns, WindowDescription description,
        AnomalyLabels? labels, TimeSeriesEstimator.Options options, bool counts = false)
    {
        string? refusal = options.MissingValues == TrainingMissingValues.Refuse
            ? $"{nameof(options.MissingValues)} is {options.MissingValues}. Use {nameof(TrainingMissingValues.Masked)}." : null;
        using var reader = new SeriesReader(
            input, columns, description, labels is null ? [] : [labels.Column], refusal, keepsValues: !counts);
        var isAnomaly = labels?.CreateReader(reader.Row, new List<string>());
        while (reader.MoveNext())
        {
            options.Cancellation.ThrowIfCancellationRequested();
            if (isAnomaly?.Invoke() == true)
                reader.Window.Mark();
            if (counts || IsWindow(reader))
                yield return reader;
        }
    }

    /// <summary>Takes off what the graph will take off too, so that training sees what it sees.</summary>
    private static void RemoveLevel(float[] window, int width)
    {
        for (int start = 0; start < window.Length; start += width)
        {
            var channel = window.AsSpan(start, width);
            double sum = 0;
            int count = 0;
            foreach (float value in channel)
            {
                if (float.IsFinite(value))
                    (sum, count) = (sum + value, count + 1);
            }
            float level = count == 0 ? 0 : (float)(sum / count);
            foreach (ref float value in channel)
                value -= level;
        }
    }
}
