using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// A column that an autoencoder adds: its place in the schema, the graph outputs that it takes, and how it is read from
/// them.
/// </summary>
/// <param name="Name">The column's name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Annotations">Its annotations.</param>
/// <param name="Sources">The outputs of the graph that its values are made from.</param>
/// <param name="CreateGetter">Makes a getter, a <see cref="ValueGetter{TValue}"/> of the type's raw type: from where
/// the current row is, and the places of the sources in the runner.</param>
internal sealed record OutputColumn(string Name, DataViewType Type, DataViewSchema.Annotations Annotations, string[] Sources,
    Func<IOutputRow, int[], Delegate> CreateGetter)
{
    /// <summary>
    /// A column that is one output of the graph: a scalar where the output has one element of a scalar's meaning,
    /// otherwise a vector.
    /// </summary>
    public static OutputColumn OfGraph(string name, DataViewType type, DataViewSchema.Annotations annotations, string output) =>
        new(name, type, annotations, [output], (source, places) => CreateGraphGetter(source, places[0], type));

    private static Delegate CreateGraphGetter(IOutputRow source, int place, DataViewType type)
    {
        if (type is BooleanDataViewType)
            return (ValueGetter<bool>)((ref bool value) => value = source.Locate(out int row).OutputRow<bool>(place, row)[0]);
        if (type is NumberDataViewType)
            return (ValueGetter<float>)((ref float value) => value = source.Locate(out int row).OutputRow<float>(place, row)[0]);
        return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) =>
        {
            var values = source.Locate(out int row).OutputRow<float>(place, row);
            var editor = VBufferEditor.Create(ref value, values.Length);
            values.CopyTo(editor.Values);
            value = editor.Commit();
        });
    }
}

/// <summary>Where a getter of an output column finds its row.</summary>
internal interface IOutputRow
{
    /// <summary>
    /// The runner that holds inputs and outputs of the current batch, and the current row's place in it. Runs the graph
    /// first where that has not been done.
    /// </summary>
    BatchRunner Locate(out int row);
}
