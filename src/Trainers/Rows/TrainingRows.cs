using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>
/// The training rows, or those that are held out of them: in one buffer where they fit the budget, otherwise read from
/// the data view again in each pass.
/// </summary>
internal sealed class TrainingRows : IDisposable
{
    private readonly RowStore _store;
    private readonly int[]? _places;
    private readonly Func<long, bool> _isWanted;
    private readonly Tally _tally;
    private readonly bool _ownsStore;

    private TrainingRows(RowStore store, Tally tally, Func<long, bool> isWanted, bool ownsStore, int[]? places)
    {
        (_store, _tally, _isWanted, _ownsStore, _places) = (store, tally, isWanted, ownsStore, places);
        Layout = store.Columns.Layout;
    }

    public RowLayout Layout { get; }

    public long Count => _tally.Count;

    /// <summary>Whether a missing value stands in any of the rows.</summary>
    public bool HasMissing => _tally.Incomplete > 0;

    /// <summary>The mean of the rows' weights.</summary>
    public double MeanWeight => _tally.Weight / _tally.Count;

    /// <summary>How many rows of the view were left out for their missing values.</summary>
    public long Skipped => _store.Skipped;

    /// <summary>How many rows of the view were left out as known anomalies.</summary>
    public long Anomalies => _store.Anomalies;

    /// <summary>Whether the rows are read again in each pass.</summary>
    public bool IsStreamed => _store.Buffer is null;

    /// <summary>How many bytes of rows may be held.</summary>
    public long Budget => _store.Budget;

    /// <summary>A record, by the row's number; only where the rows are not streamed.</summary>
    public ReadOnlySpan<float> this[long row] => _store.Buffer![_places is null ? row : _places[row]];

    /// <summary>Starts a walk over the rows.</summary>
    public RowPass Open() => _store.Buffer is { } buffer ? new BufferedPass(buffer, _places)
        : new StreamedPass(_store.Read(), Layout.Width, _isWanted, Count);

    /// <summary>Those of the rows that have a class; of rows that are not streamed.</summary>
    public TrainingRows WithClass()
    {
        var tally = new Tally();
        List<int> places = [];
        for (int i = 0; i < Count; i++)
        {
            if (!this[i][Layout.ClassRange].Contains(1f))
                continue;
            tally.Add(this[i], Layout, isComplete: !HasMissing);
            places.Add(_places?[i] ?? i);
        }
        return new TrainingRows(_store, tally, _ => true, ownsStore: false, [.. places]);
    }

    /// <summary>Gives the buffer back; rows that were held out share it with the others, to which it belongs.</summary>
    public void Dispose()
    {
        if (_ownsStore)
            _store.Buffer?.Dispose();
    }

    /// <summary>Reads a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="options">What is done with missing values, how much may be held, and what is held out.</param>
    /// <param name="channel">Is told what was left out.</param>
    /// <returns>The rows to train on, and those that are held out, or null where none are.</returns>
    public static (TrainingRows Training, TrainingRows? HeldOut) Read(
        IDataView view, TrainingColumns columns, RowReading options, IChannel channel)
    {
        var store = new RowStore(view, columns, options);
        try
        {
            bool IsHeldOut(long row) => options.HeldOutShare > 0 && RowReading.IsHeldOut(row, options.HeldOutShare, options.Seed);
            Tally training = new(), heldOut = new();
            store.ReadFirst((row, record, isComplete) =>
                (IsHeldOut(row) ? heldOut : training).Add(record, columns.Layout, isComplete), channel);
            if (options.HeldOutShare == 0)
                return (new TrainingRows(store, training, _ => true, ownsStore: true, places: null), null);
            if (training.Count == 0 || heldOut.Count == 0)
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"The option {nameof(AutoencoderEstimator.Options.ValidationShare)} of {options.HeldOutShare} leaves " +
                        $"{training.Count} of {training.Count + heldOut.Count} rows for training and {heldOut.Count} for validation; " +
                        $"expected at least one of each."));
            int[]? Places(bool held) => store.Buffer is null ? null
                : [.. Enumerable.Range(0, checked((int)store.Buffer.Count)).Where(row => IsHeldOut(row) == held)];
            return (new TrainingRows(store, training, row => !IsHeldOut(row), ownsStore: true, Places(held: false)),
                new TrainingRows(store, heldOut, IsHeldOut, ownsStore: false, Places(held: true)));
        }
        catch
        {
            store.Buffer?.Dispose();
            throw;
        }
    }

    /// <summary>What is known of some rows after the first pass.</summary>
    private sealed class Tally
    {
        public long Count { get; private set; }

        public long Incomplete { get; private set; }

        public double Weight { get; private set; }

        public void Add(ReadOnlySpan<float> record, RowLayout layout, bool isComplete)
        {
            Count++;
            Incomplete += isComplete ? 0 : 1;
            Weight += layout.HasWeight ? record[layout.WeightStart] : 1;
        }
    }
}

/// <summary>How rows are read.</summary>
internal sealed record RowReading
{
    /// <summary>What is done with missing values.</summary>
    public required TrainingMissingValues MissingValues { get; init; }

    /// <summary>How many bytes of rows may be held; more are read from the view again in each pass.</summary>
    public long Budget { get; init; } = long.MaxValue;

    /// <summary>The share of the rows that is held out.</summary>
    public double HeldOutShare { get; init; }

    /// <summary>What decides, with the row's number, which rows are held out.</summary>
    public long Seed { get; init; }

    /// <summary>Ends the reading.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>Whether a canceled fit gives the model that it has, once there are rows.</summary>
    public bool KeepsWhenCanceled { get; init; }

    /// <summary>
    /// Whether a row is held out: a hash of its number and the seed (the finalizer of SplitMix64; Steele, Lea and Flood
    /// 2014), as a share of the largest one.
    /// </summary>
    public static bool IsHeldOut(long row, double share, long seed)
    {
        ulong x = unchecked((ulong)row * 0x9E3779B97F4A7C15 + (ulong)seed * 0xD1B54A32D192ED03 + 0x9E3779B97F4A7C15);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        x ^= x >> 31;
        return (x >> 11) * (1.0 / (1UL << 53)) < share;
    }
}
