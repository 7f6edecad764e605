using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Where a getter of an output column finds its row.</summary>
internal interface IOutputRow
{
    /// <summary>The runner that holds the outputs of the current batch, and the current row's place in it. Runs the graph first where that has not been done.</summary>
    BatchRunner Locate(out int row);
}

/// <summary>Makes the getters of the output columns, for cursors and rows alike.</summary>
internal static class OutputReader
{
    /// <summary>A getter of one output.</summary>
    /// <param name="source">Where the current row is.</param>
    /// <param name="index">The output's place in the runner.</param>
    /// <param name="column">The column, whose type says how the output is read.</param>
    public static Delegate CreateGetter(IOutputRow source, int index, DataViewSchema.Column column)
    {
        if (column.Type is BooleanDataViewType)
            return (ValueGetter<bool>)((ref bool value) => value = source.Locate(out int row).OutputRow<bool>(index, row)[0]);
        if (column.Type is NumberDataViewType)
            return (ValueGetter<float>)((ref float value) => value = source.Locate(out int row).OutputRow<float>(index, row)[0]);
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            var values = source.Locate(out int row).OutputRow<float>(index, row);
            var editor = VBufferEditor.Create(ref value, values.Length);
            values.CopyTo(editor.Values);
            value = editor.Commit();
        });
    }

    /// <summary>The getter as one of the type asked for.</summary>
    /// <exception cref="InvalidOperationException">The column has values of another type.</exception>
    public static ValueGetter<TValue> As<TValue>(Delegate getter, DataViewSchema.Column column) => getter as ValueGetter<TValue>
        ?? throw new InvalidOperationException($"The column '{column.Name}' has values of type {column.Type.RawType}; a getter of {typeof(TValue)} was asked for.");
}
