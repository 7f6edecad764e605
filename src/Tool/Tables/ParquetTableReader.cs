using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>Reads a Parquet file, one row group after the other; of a group all columns are held in memory.</summary>
internal sealed class ParquetTableReader : TableReader
{
    private readonly ParquetReader _reader;
    private readonly TableColumn[] _columns;

    // One for each column; null for those that cannot be read.
    private readonly Values?[] _values;
    private int _group = -1;
    private int _rows;
    private int _row;

    private ParquetTableReader(string name, ParquetReader reader, TableOptions options) : base(name, options)
    {
        _reader = reader;
        _values = [.. reader.Schema.Fields.Select(field => Values.Of(field, this))];
        _columns = [.. reader.Schema.Fields.Zip(_values, (field, values) =>
            new TableColumn(field.Name, values?.Content ?? ColumnContent.Unreadable))];
    }

    public override IReadOnlyList<TableColumn> Columns => _columns;

    public override char Separator => ',';

    public override double? Fraction => _reader.RowGroupCount == 0 ? null
        : (_group + (_rows == 0 ? 0 : (double)_row / _rows)) / _reader.RowGroupCount;

    public override string? Fault => null;

    /// <summary>Opens a file. It is closed with the reader.</summary>
    public static ParquetTableReader Open(string name, Stream file, TableOptions options)
    {
        try
        {
            return new ParquetTableReader(name, Wait(ParquetReader.CreateAsync(file, leaveStreamOpen: false)), options);
        }
        catch (Exception e) when (e is not InputException)
        {
            throw Damaged(name, e);
        }
    }

    public override bool MoveNext()
    {
        _row++;
        while (_row >= _rows)
        {
            if (_group + 1 >= _reader.RowGroupCount)
                return false;
            _group++;
            _row = 0;
            Load();
        }
        Row++;
        return true;
    }

    public override ReadOnlySpan<char> Text(int column)
    {
        string text = _values[column]?.Text(_row) ?? "";
        return IsMissing(text.AsSpan().Trim()) ? [] : text.AsSpan().Trim();
    }

    public override bool TryNumber(int column, out float value)
    {
        value = float.NaN;
        return _values[column] is not { } values || values.TryNumber(_row, out value);
    }

    public override void AppendRow(PendingRow destination)
    {
        for (int i = 0, written = 0; i < _values.Length; i++)
        {
            if (_values[i] is not { } values)
                continue;
            if (written++ > 0)
                destination.Append(",");
            destination.Append(TableWriter.Quoted(values.Text(_row), ','));
        }
    }

    public override void Dispose() => Wait(_reader.DisposeAsync().AsTask());

    private void Load()
    {
        try
        {
            using var group = _reader.OpenRowGroupReader(_group);
            _rows = checked((int)group.RowCount);
            foreach (var values in _values)
                values?.Load(group, _rows);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw Damaged(FileName, e);
        }
    }

    private static InputException Damaged(string name, Exception e) =>
        new($"'{name}' cannot be read as a Parquet file: {e.Message.ReplaceLineEndings(" ")}", e);

    // The library only has asynchronous methods; files are read where they are needed.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    /// <summary>A column's values in the present row group.</summary>
    private abstract class Values
    {
        public abstract ColumnContent Content { get; }

        public static Values? Of(Field field, ParquetTableReader table) => field is not DataField { IsArray: false } data ? null
            : data.ClrType switch
            {
                Type type when type == typeof(float) => new Convertible<float>(data),
                Type type when type == typeof(double) => new Convertible<double>(data),
                Type type when type == typeof(decimal) => new Convertible<decimal>(data),
                Type type when type == typeof(sbyte) => new Convertible<sbyte>(data),
                Type type when type == typeof(byte) => new Convertible<byte>(data),
                Type type when type == typeof(short) => new Convertible<short>(data),
                Type type when type == typeof(ushort) => new Convertible<ushort>(data),
                Type type when type == typeof(int) => new Convertible<int>(data),
                Type type when type == typeof(uint) => new Convertible<uint>(data),
                Type type when type == typeof(long) => new Convertible<long>(data),
                Type type when type == typeof(ulong) => new Convertible<ulong>(data),
                Type type when type == typeof(bool) => new Convertible<bool>(data),
                Type type when type == typeof(DateTime) => new Convertible<DateTime>(data),
                Type type when type == typeof(string) || type == typeof(ReadOnlyMemory<char>) => new Texts(data, table),
                _ => null,
            };

        public abstract void Load(ParquetRowGroupReader group, int rows);

        public abstract string? Text(int row);

        public abstract bool TryNumber(int row, out float value);
    }

    private sealed class Convertible<T>(DataField field) : Values where T : struct, IConvertible
    {
        private T[] _values = [];
        private T?[] _nullable = [];

        public override ColumnContent Content => typeof(T) == typeof(DateTime) ? ColumnContent.Date
            : typeof(T) == typeof(bool) ? ColumnContent.Text : ColumnContent.Number;

        public override void Load(ParquetRowGroupReader group, int rows)
        {
            if (field.IsNullable)
                Wait(group.ReadAsync<T>(field, (_nullable = new T?[rows]).AsMemory()).AsTask());
            else
                Wait(group.ReadAsync<T>(field, (_values = new T[rows]).AsMemory()).AsTask());
        }

        public override string? Text(int row) => Value(row) switch
        {
            null => null,
            bool flag => flag ? "true" : "false",
            DateTime time => time.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
            { } value => value.ToString(CultureInfo.InvariantCulture),
        };

        public override bool TryNumber(int row, out float value)
        {
            value = float.NaN;
            if (Value(row) is not { } number)
                return true;
            if (Content != ColumnContent.Number)
                return false;
            value = number.ToSingle(CultureInfo.InvariantCulture);
            return true;
        }

        private T? Value(int row) => field.IsNullable ? _nullable[row] : _values[row];
    }

    private sealed class Texts(DataField field, ParquetTableReader table) : Values
    {
        private string?[] _values = [];

        public override ColumnContent Content => ColumnContent.Text;

        public override void Load(ParquetRowGroupReader group, int rows) =>
            Wait(group.ReadAsync(field, (_values = new string?[rows]).AsMemory()).AsTask());

        public override string? Text(int row) => _values[row];

        public override bool TryNumber(int row, out float value)
        {
            value = float.NaN;
            var text = _values[row].AsSpan().Trim();
            return table.IsMissing(text) || float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
    }
}
