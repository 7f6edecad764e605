using System.Globalization;
using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>The columns that a time series is read from.</summary>
/// <param name="Values">The values of a step, a scalar or a vector of Single.</param>
/// <param name="Time">The time of a step, or null.</param>
/// <param name="Key">What tells the series of a row, or null.</param>
internal sealed record SeriesColumns(DataViewSchema.Column Values, DataViewSchema.Column? Time, DataViewSchema.Column? Key)
{
    private static readonly MethodInfo s_numberReader = typeof(SeriesColumns)
        .GetMethod(nameof(CreateNumberReader), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static readonly MethodInfo s_numberKeyReader = typeof(SeriesColumns)
        .GetMethod(nameof(CreateNumberKeyReader), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>What reads the series of a row: its name, good until the next row.</summary>
    public delegate ReadOnlyMemory<char> KeyReader();

    public IEnumerable<DataViewSchema.Column> All => new[] { Values, Time, Key }.OfType<DataViewSchema.Column>();

    /// <summary>Finds the columns.</summary>
    /// <param name="schema">The schema of the data.</param>
    /// <param name="values">The name of the column with the values.</param>
    /// <param name="channels">How many values there are; 0 for any number.</param>
    /// <param name="time">The name of the column with the time, or null.</param>
    /// <param name="key">The name of the column that tells the series, or null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    public static SeriesColumns Find(DataViewSchema schema, string values, int channels, string? time, string? key)
    {
        var columns = new SeriesColumns(
            AutoencoderColumns.FindInput(schema, Onnx.GraphNames.Features, values, channels, nameof(schema)),
            time is null ? null : AutoencoderColumns.Find(schema, time, nameof(schema), "time"),
            key is null ? null : AutoencoderColumns.Find(schema, key, nameof(schema), "key"));
        if (columns.Time is { } timeColumn && !IsTime(timeColumn.Type))
            throw new ArgumentOutOfRangeException(nameof(schema), TimeMessage(time!, timeColumn.Type.ToString()!));
        if (columns.Key is { } keyColumn && !IsKey(keyColumn.Type))
            throw new ArgumentOutOfRangeException(nameof(schema), KeyMessage(key!, keyColumn.Type.ToString()!));
        return columns;
    }

    /// <summary>The same for a shape.</summary>
    public static void CheckShape(SchemaShape shape, string values, string? time, string? key)
    {
        AutoencoderColumns.CheckShape(shape, Onnx.GraphNames.Features, values);
        bool IsScalar(SchemaShape.Column column) => column.Kind == SchemaShape.Column.VectorKind.Scalar;
        if (time is not null && AutoencoderColumns.Find(shape, time, nameof(shape), "time") is var timeColumn
            && (!IsScalar(timeColumn) || timeColumn.IsKey || !IsTime(timeColumn.ItemType)))
            throw new ArgumentOutOfRangeException(nameof(shape), TimeMessage(time, timeColumn.GetTypeString()));
        if (key is not null && AutoencoderColumns.Find(shape, key, nameof(shape), "key") is var keyColumn
            && (!IsScalar(keyColumn) || !(keyColumn.IsKey || IsKey(keyColumn.ItemType))))
            throw new ArgumentOutOfRangeException(nameof(shape), KeyMessage(key, keyColumn.GetTypeString()));
    }

    /// <summary>Whether the time column holds dates, and steps are told in seconds.</summary>
    public bool IsDated => Time?.Type is DateTimeDataViewType or DateTimeOffsetDataViewType or TimeSpanDataViewType;

    /// <summary>Makes a reader of the time: seconds where it is a date, and otherwise the number that it is.</summary>
    public Func<double>? CreateTimeReader(DataViewRow row) => Time is null ? null : Time.Value.Type switch
    {
        DateTimeDataViewType => Reader<DateTime>(row, time => SecondsOf(time.Ticks)),
        DateTimeOffsetDataViewType => Reader<DateTimeOffset>(row, time => SecondsOf(time.UtcTicks)),
        TimeSpanDataViewType => Reader<TimeSpan>(row, time => time.TotalSeconds),
        var number => (Func<double>)s_numberReader.MakeGenericMethod(number.RawType).Invoke(null, [row, Time.Value])!,
    };

    /// <summary>A date as seconds since 2000, which a Double holds to less than a microsecond for centuries.</summary>
    public static double SecondsOf(long ticks) =>
        (ticks - s_epoch) / TimeSpan.TicksPerSecond + (ticks - s_epoch) % TimeSpan.TicksPerSecond / (double)TimeSpan.TicksPerSecond;

    private static readonly long s_epoch = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>Makes a reader of the series that a row belongs to.</summary>
    public KeyReader? CreateKeyReader(DataViewRow row)
    {
        if (Key is not { } column)
            return null;
        if (column.Type is TextDataViewType)
        {
            var get = row.GetGetter<ReadOnlyMemory<char>>(column);
            ReadOnlyMemory<char> text = default;
            return () =>
            {
                get(ref text);
                return text;
            };
        }
        return (KeyReader)s_numberKeyReader.MakeGenericMethod(column.Type.RawType).Invoke(null, [row, column])!;
    }

    private static bool IsTime(DataViewType type) => type is DateTimeDataViewType or DateTimeOffsetDataViewType or TimeSpanDataViewType
        || IsWhole(type) || type == NumberDataViewType.Single || type == NumberDataViewType.Double;

    private static bool IsKey(DataViewType type) => type is TextDataViewType or KeyDataViewType || IsWhole(type);

    private static bool IsWhole(DataViewType type) =>
        type is NumberDataViewType && type != NumberDataViewType.Single && type != NumberDataViewType.Double;

    private static string TimeMessage(string name, string found) =>
        $"The time column '{name}' is {found}; expected DateTime, DateTimeOffset, TimeSpan or a number. Load it as DateTime, or convert " +
        "it with Conversion.ConvertType.";

    private static string KeyMessage(string name, string found) =>
        $"The key column '{name}' is {found}; expected text, a key or a whole number.";

    private Func<double> Reader<T>(DataViewRow row, Func<T, double> convert)
    {
        var get = row.GetGetter<T>(Time!.Value);
        T value = default!;
        return () =>
        {
            get(ref value);
            return convert(value);
        };
    }

    private static Func<double> CreateNumberReader<T>(DataViewRow row, DataViewSchema.Column column)
        where T : IConvertible
    {
        var get = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            get(ref value);
            return value.ToDouble(CultureInfo.InvariantCulture);
        };
    }

    /// <summary>Reads a whole number, or the name of a key; a missing key is the empty text, as for a text.</summary>
    private static KeyReader CreateNumberKeyReader<T>(DataViewRow row, DataViewSchema.Column column)
        where T : IConvertible
    {
        var get = row.GetGetter<T>(column);
        bool isKey = column.Type is KeyDataViewType;
        string[] names = column.Type is KeyDataViewType { Count: < 1 << 20 } ? ColumnReaders.KeyNames(column) : [];
        Dictionary<T, string> texts = [];
        T value = default!;
        return () =>
        {
            get(ref value);
            if (!texts.TryGetValue(value, out string? text))
            {
                ulong key = isKey ? value.ToUInt64(CultureInfo.InvariantCulture) : 0;
                texts.Add(value, text = isKey && key == 0 ? "" : key > 0 && key <= (ulong)names.Length ? names[key - 1]
                    : value.ToString(CultureInfo.InvariantCulture));
            }
            return text.AsMemory();
        };
    }
}
