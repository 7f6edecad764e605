// An ML.NET application that knows nothing of MLNetAutoencoder: it opens a saved model with mlContext.Model.Load and applies it.
//   StockScorer model.zip rows.csv
// rows.csv has no header; its fields are the model's input columns in their order, a vector of n taking n fields.
// Prints one line of column names with their types, then one line a row; tabs between columns, commas inside vectors.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

if (args is not [var modelPath, var rowsPath])
{
    Console.Error.WriteLine("usage: StockScorer model.zip rows.csv");
    return 2;
}

var ml = new MLContext();
var model = ml.Model.Load(modelPath, out var inputSchema);
var scored = model.Transform(ml.Data.LoadFromTextFile(rowsPath, LoaderColumns(inputSchema), separatorChar: ',', hasHeader: false));

var columns = scored.Schema.Where(column => !column.IsHidden && inputSchema.GetColumnOrNull(column.Name) is null).ToArray();
Console.WriteLine(string.Join('\t', columns.Select(column => $"{column.Name}:{column.Type}")));
using var cursor = scored.GetRowCursor(columns);
var readers = Array.ConvertAll(columns, column => Reader(cursor, column));
while (cursor.MoveNext())
    Console.WriteLine(string.Join('\t', readers.Select(read => read())));
(model as IDisposable)?.Dispose();
return 0;

static TextLoader.Column[] LoaderColumns(DataViewSchema schema)
{
    var columns = new List<TextLoader.Column>();
    int field = 0;
    foreach (var column in schema)
    {
        int size = column.Type is VectorDataViewType vector ? vector.Size : 1;
        columns.Add(column.Type is VectorDataViewType
            ? new TextLoader.Column(column.Name, DataKind.Single, field, field + size - 1)
            : new TextLoader.Column(column.Name, DataKind.Single, field));
        field += size;
    }
    return [.. columns];
}

static Func<string> Reader(DataViewRow row, DataViewSchema.Column column)
{
    var raw = column.Type.RawType;
    if (raw == typeof(float))
        return Scalar<float>(row, column, value => value.ToString("R", CultureInfo.InvariantCulture));
    if (raw == typeof(bool))
        return Scalar<bool>(row, column, value => value.ToString());
    if (raw == typeof(VBuffer<float>))
        return Vector<float>(row, column, value => value.ToString("R", CultureInfo.InvariantCulture));
    if (raw == typeof(VBuffer<bool>))
        return Vector<bool>(row, column, value => value.ToString());
    if (raw == typeof(VBuffer<uint>))
        return Vector<uint>(row, column, value => value.ToString(CultureInfo.InvariantCulture));
    return () => $"({raw.Name})";
}

static Func<string> Scalar<T>(DataViewRow row, DataViewSchema.Column column, Func<T, string> text)
{
    var getter = row.GetGetter<T>(column);
    return () =>
    {
        T value = default!;
        getter(ref value);
        return text(value);
    };
}

static Func<string> Vector<T>(DataViewRow row, DataViewSchema.Column column, Func<T, string> text)
{
    var getter = row.GetGetter<VBuffer<T>>(column);
    VBuffer<T> value = default;
    return () =>
    {
        getter(ref value);
        return string.Join(',', value.DenseValues().Select(text));
    };
}
