using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>
/// The training rows, or those that are held out of them: in one buffer where they fit the budget, otherwise read from
/// the data view again in each pass.
/// </summary>
internal sealed class TrainingData : IDisposable
{
    private readonly Source _source;
    private readonly Tally _tally;
    private readonly Func<long, bool> _isWanted;
    private readonly int[]? _places;
    private readonly bool _ownsSource;

    // Features that count as missing.
    private readonly int[] _hidden;

    /// <param name="source">Where the rows are.</param>
    /// <param name="tally">What is known of them.</param>
    /// <param name="isWanted">Whether a row of the source is one of them, by its number.</param>
    /// <param name="places">Where they stand in the buffer; null where they are all of it, or streamed.</param>
    /// <param name="ownsSource">Whether they give the buffer back.</param>
    /// <param name="hidden">Features that count as missing; null for none.</param>
    private TrainingData(Source source, Tally tally, Func<long, bool> isWanted, int[]? places, bool ownsSource, int[]? hidden = null) =>
        (_source, _tally, _isWanted, _places, _ownsSource, _hidden) = (source, tally, isWanted, places, ownsSource, hidden ?? []);

    public RowLayout Layout => _source.Columns.Layout;

    public long Count => _tally.Count;

    /// <summary>Whether a missing value stands in any of the rows.</summary>
    public bool HasMissing => _tally.Incomplete > 0 || _hidden.Length > 0;

    /// <summary>The mean of the rows' weights.</summary>
    public double MeanWeight => _tally.Weight / _tally.Count;

    /// <summary>What tells these rows, in this order, from others; null where it was not asked for.</summary>
    public string? Digest => _tally.Digest;

    /// <summary>How many rows of the view were left out for their missing values.</summary>
    public long Skipped => _source.Skipped;

    /// <summary>How many rows of the view were left out as known anomalies.</summary>
    public long Anomalies => _source.Anomalies;

    /// <summary>Whether the rows are read again in each pass.</summary>
    public bool IsStreamed => _source.Buffer is null;

    /// <summary>How many bytes of rows may be held.</summary>
    public long Budget => _source.Reading.Budget;

    /// <summary>A record, by the row's number; only where the rows are not streamed.</summary>
    public ReadOnlySpan<float> this[long row]
    {
        get
        {
            ReadOnlySpan<float> record = _source.Buffer![_places is null ? row : _places[row]];
            return _hidden.Length == 0 ? record : HidingPass.Hidden(record.ToArray(), _hidden);
        }
    }

    /// <summary>Starts a walk over the rows.</summary>
    public RowPass Open()
    {
        RowPass pass = _source.Buffer is { } buffer ? new BufferedPass(buffer, _places)
            : new StreamedPass(_source.Read(), Layout.Width, _isWanted, Count);
        return _hidden.Length == 0 ? pass : new HidingPass(pass, Layout.Width, _hidden);
    }

    /// <summary>The same rows, in which some features count as missing.</summary>
    public TrainingData Hiding(int[] features) => new(_source, _tally, _isWanted, _places, ownsSource: false, features);

    /// <summary>Those of the rows that have a class; of rows that are not streamed.</summary>
    public TrainingData WithClass()
    {
        var tally = new Tally(Layout, withDigest: false);
        List<int> places = [];
        for (int i = 0; i < Count; i++)
        {
            if (!this[i][Layout.ClassRange].Contains(1f))
                continue;
            tally.Add(this[i], isComplete: !HasMissing);
            places.Add(_places?[i] ?? i);
        }
        return new TrainingData(_source, tally, _ => true, [.. places], ownsSource: false);
    }

    /// <summary>Those of the rows that are wanted, by their numbers. They share the buffer, which stays these rows'.</summary>
    public TrainingData Where(Func<long, bool> isWanted)
    {
        var tally = new Tally(Layout, withDigest: false);
        List<int> places = [];
        List<bool> ofSource = [];
        using (var pass = Open())
        {
            for (long row = 0; pass.MoveNext(); row++)
            {
                bool wanted = isWanted(row);
                if (IsStreamed)
                {
                    // By the numbers that the rows have in the view.
                    while (!_isWanted(ofSource.Count))
                        ofSource.Add(false);
                    ofSource.Add(wanted);
                }
                else if (wanted)
                    places.Add(_places?[row] ?? (int)row);
                if (wanted)
                    tally.Add(pass.Record, isComplete: !HasMissing || IsFinite(pass.Record));
            }
        }
        return new TrainingData(_source, tally, row => row < ofSource.Count && ofSource[(int)row], IsStreamed ? null : [.. places],
            ownsSource: false, _hidden);
    }

    private static bool IsFinite(ReadOnlySpan<float> record)
    {
        foreach (float value in record)
        {
            if (!float.IsFinite(value))
                return false;
        }
        return true;
    }

    /// <summary>Gives the buffer back; rows that were held out share it with the others, to which it belongs.</summary>
    public void Dispose()
    {
        if (_ownsSource)
            _source.Buffer?.Dispose();
    }

    /// <summary>Rows that were made, such as windows. They own the buffer.</summary>
    public static TrainingData Of(RowBuffer rows, TrainingColumns columns, RowReading reading)
    {
        var source = new Source(View: null, columns, reading) { Buffer = rows };
        var tally = new Tally(columns.Layout, withDigest: false);
        for (long row = 0; row < rows.Count; row++)
            tally.Add(rows[row], IsFinite(rows[row]));
        return new TrainingData(source, tally, _ => true, places: null, ownsSource: true);
    }

    /// <summary>Reads a view for the first time, and keeps its rows while they fit.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="reading">What is done with missing values, how much may be held, and what is held out.</param>
    /// <param name="channel">Is told what was left out.</param>
    /// <returns>The rows to train on, and those that are held out, or null where none are.</returns>
    /// <exception cref="InvalidOperationException">There is no row to train on or to hold out, or one that training refuses.</exception>
    public static (TrainingData Training, TrainingData? HeldOut) Read(
        IDataView view, TrainingColumns columns, RowReading reading, IChannel channel)
    {
        var source = new Source(view, columns, reading);
        try
        {
            Tally training = new(columns.Layout, reading.HasDigest), heldOut = new(columns.Layout, reading.HasDigest);
            source.ReadFirst((row, record, isComplete) => (reading.IsHeldOut(row) ? heldOut : training).Add(record, isComplete), channel);
            if (reading.HeldOutShare == 0)
                return (new TrainingData(source, training, _ => true, places: null, ownsSource: true), null);
            if (training.Count == 0 || heldOut.Count == 0)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"The option {nameof(AutoencoderEstimator.Options.ValidationShare)} of {reading.HeldOutShare} leaves " +
                        $"{training.Count} of {training.Count + heldOut.Count} rows for training and {heldOut.Count} for validation; " +
                        $"expected at least one of each."));
            int[]? Places(bool held) => source.Buffer is null ? null
                : [.. Enumerable.Range(0, (int)source.Buffer.Count).Where(row => reading.IsHeldOut(row) == held)];
            return (new TrainingData(source, training, row => !reading.IsHeldOut(row), Places(held: false), ownsSource: true),
                new TrainingData(source, heldOut, reading.IsHeldOut, Places(held: true), ownsSource: false));
        }
        catch
        {
            source.Buffer?.Dispose();
            throw;
        }
    }

    /// <summary>What is known of some rows after the first pass.</summary>
    private sealed class Tally(RowLayout layout, bool withDigest)
    {
        private readonly IncrementalHash? _hash = withDigest ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;

        public long Count { get; private set; }

        public long Incomplete { get; private set; }

        public double Weight { get; private set; }

        public string? Digest => _hash is null ? null : Convert.ToHexString(_hash.GetCurrentHash());

        public void Add(ReadOnlySpan<float> record, bool isComplete)
        {
            Count++;
            Incomplete += isComplete ? 0 : 1;
            Weight += layout.HasWeight ? record[layout.WeightStart] : 1;
            _hash?.AppendData(MemoryMarshal.AsBytes(record));
        }
    }

    /// <summary>The view, where the rows are of one, and its rows where they fit the budget.</summary>
    private sealed record Source(IDataView? View, TrainingColumns Columns, RowReading Reading)
    {
        public delegate void RowAction(long row, ReadOnlySpan<float> record, bool isComplete);

        /// <summary>The rows, or null where they did not fit.</summary>
        public RowBuffer? Buffer { get; set; }

        public long Skipped { get; private set; }

        public long Anomalies { get; private set; }

        /// <summary>Starts to read the view again. A fit that keeps what it has when it is canceled still needs these rows.</summary>
        public RowReader Read() => new(View!, Columns, Reading.MissingValues,
            Reading.KeepsWhenCanceled ? CancellationToken.None : Reading.Cancellation);

        public void ReadFirst(RowAction action, IChannel channel)
        {
            // The places of some rows in the buffer are numbers of 32 bits.
            long fitting = Math.Min(Reading.Budget / Columns.Layout.ByteCount, Array.MaxLength), count = 0;
            long expected = View!.GetRowCount() ?? 0;
            if (expected <= fitting)
                Buffer = new RowBuffer(Columns.Layout.Width, expected);
            float[] record = new float[Columns.Layout.Width];
            using var reader = new RowReader(View, Columns, Reading.MissingValues, Reading.Cancellation);
            while (reader.Read(record, out bool isComplete))
            {
                if (count >= fitting)
                {
                    Buffer?.Dispose();
                    Buffer = null;
                }
                Buffer?.Add(record);
                action(count++, record, isComplete);
            }
            Buffer?.Trim();
            (Skipped, Anomalies) = (reader.Skipped, reader.Anomalies);
            reader.Report(count, channel);
            if (Buffer is null)
                channel.Info(MessageSensitivity.None,
                    $"The {count} training rows of {Columns.Layout.ByteCount} bytes do not fit " +
                    $"Options.{nameof(AutoencoderEstimator.Options.MemoryBudget)} of {Reading.Budget} bytes: they are read from the view " +
                    "again in every epoch, and shuffled within a window.");
        }
    }
}
