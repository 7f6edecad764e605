using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Writes pipelines as ONNX files.</summary>
public static class OnnxExportExtensions
{
    public static void ConvertToOnnx(this ModelOperationsCatalog catalog, ITransformer transform, IDataView inputData, Stream stream) =>
        Convert(catalog, transform, inputData, stream, outputColumns: null);

    public static void ConvertToOnnx(
        this ModelOperationsCatalog catalog, ITransformer transform, IDataView inputData, Stream stream, params string[] outputColumns) =>
        Convert(catalog, transform, inputData, stream, outputColumns);

    private static void Convert(ModelOperationsCatalog catalog, ITransformer transform, IDataView inputData, Stream stream, string[] outputColumns)
    {
        var context = new OnnxContext();
        IDataView output = transform.Transform(inputData);
        using IChannel channel = catalog.Environment.Start("ONNX conversion");
        List<ISaveAsOnnx> steps = StepsOf(output, channel, out IDataView root);
        foreach (DataViewSchema.Column column in root.Schema)
            context.AddInput(column.Type, column.Name);
        foreach (ISaveAsOnnx step in steps)
            step.SaveAsOnnx(context);
        foreach (DataViewSchema.Column column in output.Schema)
        {
            if (!column.IsHidden && (outputColumns is null || outputColumns.Contains(column.Name)))
                AddOutput(context, column);
        }

        byte[] file = OnnxWriter.Write(context);
        stream.Write(file, 0, file.Length);
    }

    // Back from the result. A step that cannot be written ends the way, and so does a view that is no step of the package's own, such as
    // one of a transformer from outside: of that not a word is said. The graph then starts from the data before the first of all steps, or from that view.
    private static List<ISaveAsOnnx> StepsOf(IDataView output, IChannel channel, out IDataView root)
    {
        var steps = new List<ISaveAsOnnx>();
        root = output;
        while (root is IDataTransform transform)
        {
            if (transform is not ISaveAsOnnx { CanSaveOnnx: true } step)
            {
                channel.Warning(MessageSensitivity.None, $"Had to stop walkback of pipeline at {transform.GetType().Name} since it cannot save itself as ONNX.");
                while (root is IDataTransform earlier)
                    root = earlier.Source;
                break;
            }

            steps.Insert(0, step);
            root = transform.Source;
        }

        return steps;
    }

    private static void AddOutput(OnnxContext context, DataViewSchema.Column column)
    {
        string variable = context.VariableOf(column.Name);
        Refuse.StateUnless(
            variable is not null,
            "The targeted pipeline can not be fully converted into a well-defined ONNX model. "
            + "Please check if all steps in that pipeline are convertible to ONNX and all necessary variables are not dropped (via command line arguments).");
        string output = context.AddIntermediate(column.Type, column.Name + ".output");
        context.AddNode("Identity", OnnxNode.Standard, [variable], output);
        context.AddOutput(column.Type, output);
        if (!column.HasSlotNames())
            return;

        // Slot names go along as the keys of an encoder of a constant text; its output means nothing.
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        string name = $"mlnet.{column.Name}.SlotNames";
        string text = context.AddText(name, "one");
        string unused = context.AddIntermediate(null, $"mlnet.{column.Name}.unusedOutput");
        context.AddNode("LabelEncoder", OnnxNode.MachineLearning, [text], unused, name)
            .Attribute("keys_strings", names.DenseValues().Select(slot => slot.ToString()).ToArray())
            .Attribute("values_int64s", Enumerable.Range(0, names.Length).Select(slot => (long)slot).ToArray());
        context.AddOutput(NumberDataViewType.Int64, unused);
    }
}
