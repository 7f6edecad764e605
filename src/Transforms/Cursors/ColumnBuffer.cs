using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder;

/// <summary>
/// Keeps the values of one upstream column for the rows of a batch, since the cursor above has moved on when they are
/// asked for.
/// </summary>
internal abstract class ColumnBuffer
{
    private static readonly MethodInfo s_createScalar = typeof(ColumnBuffer)
        .GetMethod(nameof(CreateScalar), BindingFlags.NonPublic | BindingFlags.Static)!;
    private static readonly MethodInfo s_createVector = typeof(ColumnBuffer)
        .GetMethod(nameof(CreateVector), BindingFlags.NonPublic | BindingFlags.Static)!;

    /// <summary>Makes a buffer for a column of any type.</summary>
    public static ColumnBuffer Create(DataViewRow input, DataViewSchema.Column column)
    {
        var raw = column.Type.RawType;
        var method = raw.IsGenericType && raw.GetGenericTypeDefinition() == typeof(VBuffer<>)
            ? s_createVector.MakeGenericMethod(raw.GetGenericArguments())
            : s_createScalar.MakeGenericMethod(raw);
        return (ColumnBuffer)method.Invoke(null, [input, column])!;
    }

    /// <summary>Makes room for a number of rows.</summary>
    public abstract void Resize(int rows);

    /// <summary>Copies the value of the row that the cursor above stands on.</summary>
    public abstract void Store(int row);

    private static ColumnBuffer CreateScalar<T>(DataViewRow input, DataViewSchema.Column column) =>
        new ScalarBuffer<T>(input.GetGetter<T>(column));

    private static ColumnBuffer CreateVector<T>(DataViewRow input, DataViewSchema.Column column) =>
        new VectorBuffer<T>(input.GetGetter<VBuffer<T>>(column));
}

/// <summary>A <see cref="ColumnBuffer"/> that gives its values back.</summary>
internal abstract class ColumnBuffer<TValue>(ValueGetter<TValue> getter) : ColumnBuffer
{
    private TValue[] _values = [];

    public sealed override void Resize(int rows) => Array.Resize(ref _values, rows);

    // The getter writes into the array's own element, so that a vector's storage is used again batch after batch.
    public sealed override void Store(int row) => getter(ref _values[row]);

    public abstract void Load(int row, ref TValue destination);

    protected ref TValue this[int row] => ref _values[row];
}

internal sealed class ScalarBuffer<T>(ValueGetter<T> getter) : ColumnBuffer<T>(getter)
{
    public override void Load(int row, ref T destination) => destination = this[row];
}

internal sealed class VectorBuffer<T>(ValueGetter<VBuffer<T>> getter) : ColumnBuffer<VBuffer<T>>(getter)
{
    public override void Load(int row, ref VBuffer<T> destination) => this[row].CopyTo(ref destination);
}
