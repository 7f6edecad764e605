using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Scores steps of time series one by one, as they come, by the windows that end with them.</summary>
/// <remarks>
/// Each series, told by its key, takes memory for one window. Scores are those of the transformer with
/// <see cref="WindowDescription.IsCovering"/> false. Not safe for use by several threads at once: give each thread a stream of its own,
/// with the keys that are its.
/// </remarks>
public sealed class AutoencoderStream : IDisposable
{
    private const string Magic = "MLNAES1";

    private readonly AutoencoderModel _model;
    private readonly WindowDescription _windows;
    private readonly StreamOptions _options;
    private readonly PValues? _pValues;
    private readonly BatchRunner _runner;
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly double _decay, _deviations;
    private bool _isDisposed;

    internal AutoencoderStream(AutoencoderModel model, StreamOptions options)
    {
        options.Validate();
        var metadata = model.Metadata;
        (_model, _options, _windows) = (model, options, metadata.Windows!);
        _pValues = metadata.ScoreQuantiles.Count > 0 ? PValues.Of(metadata, "p-value") : null;
        if (options.ThresholdHalfLife is { } halfLife)
        {
            if (!float.IsFinite(metadata.Threshold) || !(metadata.ScoreDeviation > 0))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"{nameof(StreamOptions.ThresholdHalfLife)} is {halfLife}, and the model has the threshold {metadata.Threshold} and " +
                    $"training scores with the deviation {metadata.ScoreDeviation}; a threshold that moves expects a finite one and a " +
                    $"deviation above 0."));
            _decay = 1 - Math.Pow(2, -1.0 / halfLife);
            _deviations = ((double)metadata.Threshold - metadata.ScoreMean) / metadata.ScoreDeviation;
        }
        _runner = model.CreateRunner([GraphNames.Features], [GraphNames.Score, GraphNames.FeatureErrors, GraphNames.Reconstruction], 1);
    }

    /// <summary>The number of series.</summary>
    public int Count => _series.Count;

    /// <summary>Adds a step to a series without times.</summary>
    /// <param name="values">The values of the channels, in raw units; NaN for a missing one.</param>
    /// <param name="key">The series; the empty text where there is one.</param>
    /// <exception cref="ArgumentException">There are more or fewer values than channels, or one is missing and the model refuses that; the
    /// series is as it was.</exception>
    /// <exception cref="InvalidOperationException">The model has a time column: give the time.</exception>
    public StreamedStep Add(ReadOnlySpan<float> values, string key = "")
    {
        if (_windows.TimeColumn is not null)
            throw new InvalidOperationException(
                $"The model was trained with the time column '{_windows.TimeColumn}': give the time of the step, so that gaps are seen.");
        return Add(double.NaN, values, key);
    }

    /// <summary>Adds a step to a series whose times are dates.</summary>
    /// <param name="time">The time of the step, not before that of the series' last one.</param>
    /// <param name="values">The values of the channels, in raw units; NaN for a missing one.</param>
    /// <param name="key">The series; the empty text where there is one.</param>
    /// <exception cref="ArgumentException">There are more or fewer values than channels, the time is before the last one, or a value or a
    /// step is missing and the model refuses that; the series is as it was.</exception>
    public StreamedStep Add(DateTime time, ReadOnlySpan<float> values, string key = "") =>
        AddTimed(SeriesColumns.SecondsOf(time.Ticks), values, key);

    /// <summary>Adds a step to a series whose times are dates with an offset.</summary>
    /// <inheritdoc cref="Add(DateTime, ReadOnlySpan{float}, string)" path="/param | /exception"/>
    public StreamedStep Add(DateTimeOffset time, ReadOnlySpan<float> values, string key = "") =>
        AddTimed(SeriesColumns.SecondsOf(time.UtcTicks), values, key);

    /// <summary>Adds a step to a series whose times are numbers, in the unit of the training, or time spans, in seconds.</summary>
    /// <inheritdoc cref="Add(DateTime, ReadOnlySpan{float}, string)" path="/param | /exception"/>
    public StreamedStep AddAt(double time, ReadOnlySpan<float> values, string key = "") => AddTimed(time, values, key);

    /// <summary>Forgets a series.</summary>
    /// <param name="key">The series.</param>
    /// <returns>Whether there was one.</returns>
    public bool Remove(string key) => _series.Remove(key);

    /// <summary>Writes everything that is needed to go on, such as after a restart: the last windows and thresholds of all
    /// series.</summary>
    /// <param name="path">Where it goes. An existing file is replaced once all is written.</param>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    public void Save(string path)
    {
        using var memory = new MemoryStream();
        Save(memory);
        AtomicFile.WriteAll((path, memory.ToArray()));
    }

    /// <summary>Writes it to a stream, which is left open.</summary>
    /// <param name="destination">The stream.</param>
    public void Save(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        using var writer = new BinaryWriter(destination, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(Digest());
        writer.Write(_series.Count);
        foreach (var (key, series) in _series.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.Write(key);
            series.Window.Save(writer);
            writer.Write(series.Mean);
            writer.Write(series.Variance);
            writer.Write(series.Length);
            writer.Write(series.Quiet);
            writer.Write(series.IsInAlarm);
        }
    }

    /// <summary>Releases its buffers; the model stays. Safe to call twice.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _runner.Dispose();
    }

    internal void Restore(Stream source)
    {
        try
        {
            using var reader = new BinaryReader(source, Encoding.UTF8, leaveOpen: true);
            if (reader.ReadString() != Magic)
                throw new InvalidDataException($"It does not begin with '{Magic}'.");
            if (reader.ReadString() != Digest())
                throw new InvalidDataException("It is the state of another model.");
            for (int count = reader.ReadInt32(); count > 0; count--)
            {
                var series = Create(reader.ReadString());
                series.Window.Restore(reader);
                (series.Mean, series.Variance) = (reader.ReadDouble(), reader.ReadDouble());
                (series.Length, series.Quiet) = (reader.ReadInt64(), reader.ReadInt64());
                series.IsInAlarm = reader.ReadBoolean();
            }
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException or ArgumentException or FormatException)
        {
            throw new InvalidDataException($"The state of the stream cannot be restored: {e.Message}", e);
        }
    }

    private StreamedStep AddTimed(double time, ReadOnlySpan<float> values, string key)
    {
        if (_windows.TimeColumn is null)
            throw new InvalidOperationException(
                "The model was trained without a time column, so that it knows no times: add the step without.");
        if (!double.IsFinite(time))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"The time is {time}; expected a number."),
                nameof(time));
        return Add(time, values, key);
    }

    private StreamedStep Add(double time, ReadOnlySpan<float> values, string key)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentNullException.ThrowIfNull(key);
        int channels = _windows.Channels.Count, width = _windows.Width;
        if (values.Length != channels)
            throw new ArgumentException(
                $"The step has {values.Length} values; the model has {channels} channels: {string.Join(", ", _windows.Channels)}.",
                nameof(values));
        long skipped = 0;
        bool isNew = !_series.TryGetValue(key, out var series);
        if (!isNew && !double.IsNaN(time))
        {
            if (SeriesTimes.Check(series!.Window.Time, time) is { } what)
                throw new ArgumentException(
                    $"The step of the series '{key}' {what}. Add the steps of a series in the order of their times.", nameof(time));
            skipped = SeriesTimes.Skipped(time - series.Window.Time, _windows.Step);
        }
        if (_model.Metadata.MissingValues == MissingValuePolicy.Error && (skipped > 0 || !SeriesReader.AreFinite(values)))
            throw new ArgumentException(
                $"The step of the series '{key}' has a missing value, or follows a gap, and the autoencoder was made to refuse missing " +
                "values when it scores.", nameof(values));
        series ??= Create(key);
        series.Window.Skip(skipped);
        series.Window.Time = time;
        series.Window.Add(values);

        float[] expected = new float[channels], errors = new float[channels];
        bool isScored = series.Window.IsWhole || _windows.ScoresFirstSteps;
        float score = float.NaN;
        if (isScored)
        {
            series.Window.CopyTo(_runner.InputRow(0, 0));
            _runner.Run(1);
            score = _runner.OutputRow<float>(0, 0)[0];
            SeriesScoring.ReadStep(_runner.OutputRow<float>(1, 0), _runner.OutputRow<float>(2, 0), width, errors, expected);
        }
        else
        {
            Array.Fill(expected, float.NaN);
            Array.Fill(errors, float.NaN);
        }
        float threshold = _decay == 0 ? _model.Metadata.Threshold : (float)(series.Mean + _deviations * Math.Sqrt(series.Variance));
        bool isAnomaly = isScored && !(score <= threshold);
        if (_decay > 0 && float.IsFinite(score))
        {
            double difference = Math.Min(score, threshold) - series.Mean;
            series.Mean += _decay * difference;
            series.Variance = (1 - _decay) * (series.Variance + _decay * difference * difference);
        }
        series.Length = isAnomaly ? series.Length + 1 : 0;
        series.Quiet = Math.Max(0, series.Quiet - 1);
        bool isAlarm = series.Length >= _options.LeastLength && !series.IsInAlarm && series.Quiet == 0;
        if (isAlarm)
            (series.IsInAlarm, series.Quiet) = (true, _options.QuietSteps + 1L);
        else if (!isAnomaly)
            series.IsInAlarm = false;
        return new StreamedStep(score, threshold, isAnomaly, isAlarm, _pValues?.Of(score) ?? double.NaN, expected, errors);
    }

    private Series Create(string key)
    {
        var series = new Series(new SeriesWindow(_windows.Width, _windows.Channels.Count))
        {
            Mean = _model.Metadata.ScoreMean,
            Variance = (double)_model.Metadata.ScoreDeviation * _model.Metadata.ScoreDeviation,
        };
        _series.Add(key, series);
        return series;
    }

    /// <summary>What tells the model from others.</summary>
    private string Digest()
    {
        var text = new StringBuilder();
        foreach (var (name, value) in _model.Metadata.ToDictionary().OrderBy(pair => pair.Key, StringComparer.Ordinal))
            text.Append(name).Append('=').Append(value).Append('\n');
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    private sealed class Series(SeriesWindow window)
    {
        public SeriesWindow Window { get; } = window;

        public double Mean { get; set; }

        public double Variance { get; set; }

        /// <summary>The anomalies in a row up to now.</summary>
        public long Length { get; set; }

        /// <summary>The steps for which no alarm is made.</summary>
        public long Quiet { get; set; }

        /// <summary>Whether an alarm has been made of the present run of anomalies.</summary>
        public bool IsInAlarm { get; set; }
    }
}
