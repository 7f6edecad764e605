using Microsoft.ML.Model.OnnxConverter;

namespace Microsoft.ML.Data;

/// <summary>The rows of a source that a test accepts.</summary>
internal abstract class FilteredView(IDataView source) : IDataTransform
{
    public IDataView Source => source;

    public virtual bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        bool[] active = columnsNeeded.ActiveIn(Schema);
        return MakeCursor(source.GetRowCursor(SourceColumns(active), CanShuffle ? rand : null), active);
    }

    public virtual DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        bool[] active = columnsNeeded.ActiveIn(Schema);
        return Array.ConvertAll(source.GetRowCursorSet(SourceColumns(active), n, CanShuffle ? rand : null), input => MakeCursor(input, active));
    }

    protected abstract IEnumerable<int> TestedColumns { get; }

    protected abstract Func<bool> MakeTest(DataViewRowCursor input);

    private DataViewRowCursor MakeCursor(DataViewRowCursor input, bool[] active) => new FilterCursor(input, active, MakeTest(input));

    private IEnumerable<DataViewSchema.Column> SourceColumns(bool[] active)
    {
        var needed = (bool[])active.Clone();
        foreach (int column in TestedColumns)
            needed[column] = true;
        return Schema.Where(needed);
    }
}

/// <summary>Some rows of another cursor; they keep their identity and are counted anew.</summary>
internal abstract class InputCursor(DataViewRowCursor input, bool[] active) : RootCursor
{
    public override long Batch => Input.Batch;

    public override DataViewSchema Schema => Input.Schema;

    protected DataViewRowCursor Input => input;

    public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        Refuse.StateUnless(IsColumnActive(column), $"Column '{column.Name}' is not active");
        return input.GetGetter<TValue>(column);
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Those rows that pass a test.</summary>
internal sealed class FilterCursor(DataViewRowCursor input, bool[] active, Func<bool> accept) : InputCursor(input, active)
{
    protected override bool Advance()
    {
        while (Input.MoveNext())
        {
            if (accept())
                return true;
        }

        return false;
    }
}

/// <summary>Rows with a number in a range; missing numbers are in none.</summary>
internal sealed class RangeFilter : FilteredView
{
    private readonly DataViewSchema.Column _column;
    private readonly double _lower;
    private readonly double _upper;

    internal RangeFilter(IDataView source, string name, double lower, double upper)
        : base(source)
    {
        _column = source.Schema[name];
        Refuse.Unless(
            _column.Type == NumberDataViewType.Single || _column.Type == NumberDataViewType.Double,
            "Column",
            $"Column '{name}' does not have compatible type");
        _lower = lower;
        _upper = upper;
    }

    protected override IEnumerable<int> TestedColumns => [_column.Index];

    // The upper bound itself is out.
    protected override Func<bool> MakeTest(DataViewRowCursor input)
    {
        if (_column.Type == NumberDataViewType.Double)
        {
            ValueGetter<double> wide = input.GetGetter<double>(_column);
            double number = 0;
            return () =>
            {
                wide(ref number);
                return number >= _lower && number < _upper;
            };
        }

        ValueGetter<float> getter = input.GetGetter<float>(_column);
        float value = 0;
        return () =>
        {
            getter(ref value);
            return value >= _lower && value < _upper;
        };
    }
}

/// <summary>Rows without a missing value in some columns.</summary>
internal sealed class MissingValueFilter : FilteredView
{
    private readonly int[] _columns;

    internal MissingValueFilter(IDataView source, string[] names)
        : base(source)
    {
        var seen = new HashSet<string>();
        _columns = Array.ConvertAll(names, name =>
        {
            DataViewSchema.Column column = source.Schema.GetColumnOrNull(name)
                ?? throw new ArgumentOutOfRangeException("Columns", $"Source column '{name}' not found");
            Refuse.Unless(seen.Add(name), "Columns", $"Source column '{name}' specified multiple times");
            DataViewType item = column.Type.ItemOf();
            Refuse.Unless(
                item == NumberDataViewType.Single || item == NumberDataViewType.Double || item is KeyDataViewType,
                "Columns",
                $"Column '{name}' has type {column.Type} which does not support missing values, so we cannot filter on them");
            return column.Index;
        });
    }

    protected override IEnumerable<int> TestedColumns => _columns;

    protected override Func<bool> MakeTest(DataViewRowCursor input)
    {
        Func<bool>[] tests = Array.ConvertAll(_columns, index =>
        {
            DataViewType type = input.Schema[index].Type;
            return Generic.Call<Func<bool>>(type is VectorDataViewType ? VectorTest<int> : ScalarTest<int>, type.ItemOf().RawType, input, index);
        });
        return () => Array.TrueForAll(tests, test => test());
    }

    private static Func<bool> ScalarTest<T>(DataViewRow input, int column)
    {
        ValueGetter<T> getter = input.GetGetter<T>(input.Schema[column]);
        T value = default;
        return () =>
        {
            getter(ref value);
            return !IsMissing(value);
        };
    }

    private static Func<bool> VectorTest<T>(DataViewRow input, int column)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        VBuffer<T> value = default;
        bool isKey = input.Schema[column].Type.ItemOf() is KeyDataViewType;
        return () =>
        {
            getter(ref value);
            // A slot that a sparse vector leaves out is 0: no number is missing there, but a key is.
            if (isKey && !value.IsDense)
                return false;
            foreach (T item in value.GetValues())
            {
                if (IsMissing(item))
                    return false;
            }

            return true;
        };
    }

    private static bool IsMissing<T>(T value) => value switch
    {
        float number => float.IsNaN(number),
        double number => double.IsNaN(number),
        _ => EqualityComparer<T>.Default.Equals(value, default),
    };
}

/// <summary>Rows whose lot, drawn by their number or by a key column, falls into one part; or all the others.</summary>
internal sealed class SplitFilter(IDataView source, int seed, int? keyColumn, double from, double to, bool complement) : FilteredView(source)
{
    // A row's lot hangs on its place, so the rows have to come in order.
    public override bool CanShuffle => false;

    protected override IEnumerable<int> TestedColumns => keyColumn is int column ? [column] : [];

    public override DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    protected override Func<bool> MakeTest(DataViewRowCursor input)
    {
        if (keyColumn is int column)
        {
            DataViewType type = input.Schema[column].Type;
            return Generic.Call<Func<bool>>(type is VectorDataViewType ? VectorTest<int> : ScalarTest<int>, type.ItemOf().RawType, input, column);
        }

        return () => IsIn(Mix((ulong)input.Position));
    }

    private Func<bool> ScalarTest<T>(DataViewRow input, int column)
    {
        ValueGetter<T> getter = input.GetGetter<T>(input.Schema[column]);
        T value = default;
        return () =>
        {
            getter(ref value);
            return IsIn(HashOf(0, value));
        };
    }

    private Func<bool> VectorTest<T>(DataViewRow input, int column)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        VBuffer<T> value = default;
        return () =>
        {
            getter(ref value);
            return IsIn(value.DenseValues().Aggregate(0UL, HashOf));
        };
    }

    // Texts hash by their characters: the runtime's own hash of a string differs from process to process.
    private ulong HashOf<T>(ulong hash, T value)
    {
        if (value is not ReadOnlyMemory<char> text)
            return Mix(hash ^ (uint)value.GetHashCode());
        foreach (char character in text.Span)
            hash = Mix(hash ^ character);
        return Mix(hash);
    }

    // SplitMix64 (Steele, Lea, Flood, 2014).
    private ulong Mix(ulong value)
    {
        ulong z = value + ((ulong)(uint)seed << 32) + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private bool IsIn(ulong hash)
    {
        double lot = (hash >> 11) * (1.0 / (1UL << 53));
        return lot >= from && lot < to != complement;
    }
}

/// <summary>Rows after the first ones, up to a number.</summary>
internal sealed class SkipTakeView(IDataView source, long skip, long take) : IDataTransform
{
    public IDataView Source => source;

    public bool CanShuffle => false;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount() is long count ? Math.Clamp(count - skip, 0, take) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
        new Cursor(source.GetRowCursor(columnsNeeded), columnsNeeded.ActiveIn(Schema), skip, take);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewRowCursor input, bool[] active, long skip, long take) : InputCursor(input, active)
    {
        private long _skip = skip;
        private long _take = take;

        protected override bool Advance()
        {
            for (; _skip > 0; _skip--)
            {
                if (!Input.MoveNext())
                    return false;
            }

            return _take-- > 0 && Input.MoveNext();
        }
    }
}
