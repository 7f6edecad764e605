using System.Collections;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Hosting;

/// <summary>The columns that the rows of a model have: checks values, and makes data views of rows.</summary>
internal sealed class RowColumns
{
    private readonly DataViewSchema _schema;

    private RowColumns(DataViewSchema schema, IReadOnlyList<ModelInput> inputs) => (_schema, Inputs) = (schema, inputs);

    public IReadOnlyList<ModelInput> Inputs { get; }

    /// <summary>Those columns of a schema that a pipeline needs for one of its outputs.</summary>
    /// <exception cref="InvalidDataException">One of them has a type that is not served, or the pipeline is not row by row.</exception>
    public static RowColumns Of(string path, DataViewSchema schema, ITransformer pipeline, string output)
    {
        if (!pipeline.IsRowToRowMapper)
            throw new InvalidDataException(
                $"The file '{path}' cannot be served: its pipeline has a step that needs more than one row at a time.");
        var mapper = pipeline.GetRowToRowMapper(schema);
        var needed = mapper.GetDependencies([mapper.OutputSchema[output]]).Select(column => column.Name).ToHashSet();
        var builder = new DataViewSchema.Builder();
        List<ModelInput> inputs = [];
        foreach (var column in schema.Where(column => needed.Contains(column.Name) && !column.IsHidden))
        {
            builder.AddColumn(column.Name, column.Type, column.Annotations);
            inputs.Add(column.Type switch
            {
                VectorDataViewType { IsKnownSize: true } vector when vector.ItemType == NumberDataViewType.Single =>
                    new ModelInput(column.Name, ModelInputKind.Number, vector.Size),
                NumberDataViewType number when number == NumberDataViewType.Single || number == NumberDataViewType.Double
                    || number == NumberDataViewType.Int32 || number == NumberDataViewType.Int64 =>
                    new ModelInput(column.Name, ModelInputKind.Number, 1),
                TextDataViewType => new ModelInput(column.Name, ModelInputKind.Text, 1),
                BooleanDataViewType => new ModelInput(column.Name, ModelInputKind.Boolean, 1),
                _ => throw new InvalidDataException(
                    $"The file '{path}' cannot be served: its column '{column.Name}' is of the type {column.Type}; expected Single, " +
                        "Double, Int32, Int64, Boolean, text, or a vector of known size of Single."),
            });
        }
        return new RowColumns(builder.ToSchema(), inputs);
    }

    /// <summary>A row by its columns, as <see cref="View"/> takes it.</summary>
    /// <exception cref="RowFormatException">A value is not there, or is not what the column takes.</exception>
    public object[] Convert(IReadOnlyDictionary<string, object?> row)
    {
        object[] values = new object[Inputs.Count];
        for (int i = 0; i < values.Length; i++)
        {
            var input = Inputs[i];
            if (!row.TryGetValue(input.Name, out object? value))
                throw new RowFormatException(input.Name, $"The row has no '{input.Name}'; expected {Expected(input)}, or null.");
            values[i] = Value(input, _schema[i].Type, value);
        }
        return values;
    }

    /// <summary>A row by its numbers.</summary>
    /// <exception cref="RowFormatException">There are more or fewer numbers, or a column takes none.</exception>
    public object[] Convert(ReadOnlySpan<float> numbers)
    {
        int expected = 0;
        foreach (var input in Inputs)
        {
            if (input.Kind != ModelInputKind.Number)
                throw new RowFormatException(
                    input.Name, $"The row has numbers alone; the model expects {Expected(input)} as '{input.Name}'.");
            expected += input.Size;
        }
        if (numbers.Length != expected)
            throw new RowFormatException("", $"The row has {numbers.Length} numbers; the model expects {expected}.");
        object[] values = new object[Inputs.Count];
        int start = 0;
        for (int i = 0; i < values.Length; i++)
        {
            int size = Inputs[i].Size;
            values[i] = _schema[i].Type is VectorDataViewType ? numbers.Slice(start, size).ToArray()
                : Number(Inputs[i], _schema[i].Type, numbers[start]);
            start += size;
        }
        return values;
    }

    public IDataView View(IReadOnlyList<object[]> rows) => new RowView(_schema, rows);

    private static string Expected(ModelInput input) => (input.Kind, input.Size) switch
    {
        (ModelInputKind.Number, 1) => "a number",
        (ModelInputKind.Number, _) => $"a list of {input.Size} numbers",
        (ModelInputKind.Text, _) => "a text",
        _ => "true or false",
    };

    private static RowFormatException Wrong(ModelInput input, string found) =>
        new(input.Name, $"'{input.Name}' is {found}; expected {Expected(input)}.");

    private static object Value(ModelInput input, DataViewType type, object? value)
    {
        if (value is JsonElement json)
            value = Plain(input, json);
        if (input.Kind == ModelInputKind.Text)
            return value switch
            {
                null => ReadOnlyMemory<char>.Empty,
                string text => text.AsMemory(),
                _ => throw Wrong(input, Found(value)),
            };
        if (input.Kind == ModelInputKind.Boolean)
            return value is bool flag ? flag : throw Wrong(input, Found(value));
        if (type is not VectorDataViewType)
            return Number(input, type, Single(input, value));
        if (value is null)
            return Enumerable.Repeat(float.NaN, input.Size).ToArray();
        float[] numbers = value switch
        {
            float[] known => known,
            string => throw Wrong(input, Found(value)),
            IEnumerable list =>
                [.. list.Cast<object?>().Select(item => Single(input, item is JsonElement inner ? Plain(input, inner) : item))],
            _ => throw Wrong(input, Found(value)),
        };
        return numbers.Length == input.Size ? numbers : throw Wrong(input, $"a list of {numbers.Length} numbers");
    }

    private static string Found(object? value) => value switch
    {
        null => "null",
        string text => $"the text '{(text.Length > 40 ? text[..40] + "..." : text)}'",
        bool flag => flag ? "true" : "false",
        IEnumerable => "a list",
        _ => string.Create(CultureInfo.InvariantCulture, $"{value}"),
    };

    private static object? Plain(ModelInput input, JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.TryGetDouble(out double number) && double.IsFinite(number) ? number
            : throw Wrong(input, $"{json.GetRawText()}, which is more than a Single holds"),
        JsonValueKind.Array => json.EnumerateArray().Cast<object?>().ToArray(),
        _ => throw Wrong(input, "an object"),
    };

    private static float Single(ModelInput input, object? value)
    {
        if (value is null)
            return float.NaN;
        if (value is bool or string or char or DateTime || value is not IConvertible convertible)
            throw Wrong(input, Found(value));
        double number = convertible.ToDouble(CultureInfo.InvariantCulture);
        if (double.IsFinite(number) && Math.Abs(number) > float.MaxValue)
            throw Wrong(input, string.Create(CultureInfo.InvariantCulture, $"{number}, which is more than a Single holds"));
        return (float)number;
    }

    private static object Number(ModelInput input, DataViewType type, float number)
    {
        if (type == NumberDataViewType.Single)
            return number;
        if (type == NumberDataViewType.Double)
            return (double)number;
        if (!float.IsInteger(number) || Math.Abs(number) > (type == NumberDataViewType.Int32 ? int.MaxValue : long.MaxValue))
            throw new RowFormatException(input.Name, string.Create(CultureInfo.InvariantCulture,
                $"'{input.Name}' is {number}; expected a whole number."));
        return type == NumberDataViewType.Int32 ? (int)number : (object)(long)number;
    }

    /// <summary>Rows as a data view.</summary>
    private sealed class RowView(DataViewSchema schema, IReadOnlyList<object[]> rows) : IDataView
    {
        public DataViewSchema Schema => schema;

        public bool CanShuffle => false;

        public long? GetRowCount() => rows.Count;

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
            new Cursor(schema, rows, [.. columnsNeeded.Select(column => column.Index)]);

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [GetRowCursor(columnsNeeded, rand)];

        private sealed class Cursor(DataViewSchema schema, IReadOnlyList<object[]> rows, HashSet<int> active) : DataViewRowCursor
        {
            private int _row = -1;

            public override DataViewSchema Schema => schema;

            public override long Position => _row;

            public override long Batch => 0;

            public override bool MoveNext() => ++_row < rows.Count;

            public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

            public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            {
                int index = column.Index;
                if (typeof(TValue) != typeof(VBuffer<float>))
                    return (ref TValue value) => value = (TValue)rows[_row][index];
                ValueGetter<VBuffer<float>> getter = (ref VBuffer<float> value) =>
                {
                    float[] numbers = (float[])rows[_row][index];
                    value = new VBuffer<float>(numbers.Length, numbers);
                };
                return (ValueGetter<TValue>)(Delegate)getter;
            }

            public override ValueGetter<DataViewRowId> GetIdGetter() =>
                (ref DataViewRowId id) => id = new DataViewRowId((ulong)_row, 0);
        }
    }
}
