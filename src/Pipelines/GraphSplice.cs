using Google.Protobuf;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Joins the graph of the stock transforms of a pipeline and a graph of ours: one graph from raw columns to score.</summary>
/// <remarks>
/// Both are of opset <see cref="Opset"/>, the last that ML.NET writes. Our values keep their names; where one of our
/// inputs is fed by a column that goes in as it is, that column's name takes the input's place. A key that feeds the
/// condition becomes one-hot here, zeros where it is missing, as in the transformer.
/// </remarks>
internal static class GraphSplice
{
    /// <summary>The operator set of the joined graph.</summary>
    public const int Opset = 12;

    private const string MachineLearning = "ai.onnx.ml";

    /// <summary>One ONNX file from raw columns to a graph's outputs.</summary>
    /// <param name="stockGraph">What ML.NET's <c>ConvertToOnnx</c> wrote of the transforms before the autoencoder, with
    /// the columns that feed the graph among its outputs.</param>
    /// <param name="model">The graph; it stays as it is.</param>
    /// <param name="columns">From names of the graph to names of columns: one for each input (or output at which to
    /// cut), and for outputs where they have one. The file's metadata name the outputs' and those of its own
    /// inputs.</param>
    /// <param name="outputs">The outputs to keep.</param>
    /// <exception cref="ArgumentException">A column does not fit the input that it feeds, or the graph has no such output.</exception>
    /// <exception cref="InvalidDataException">The stock graph is no ONNX model, lacks a column, or is of another opset.</exception>
    /// <exception cref="NotSupportedException">The stock graph has an operator that the supported transforms do not have.</exception>
    public static byte[] Join(byte[] stockGraph, AutoencoderModel model, IReadOnlyDictionary<string, string> columns,
        IReadOnlyCollection<string> outputs)
    {
        var stock = OnnxFile.Parse(stockGraph, "The graph of the stock transforms");
        string[] fed = [.. model.Inputs.Concat(model.Outputs).Where(name => columns.ContainsKey(name) && !outputs.Contains(name))];
        var joined = Join(stock, OnnxFile.Cut(model.Proto, fed, outputs), columns, out var inputs);
        var metadata = model.Metadata;
        var border = columns.Where(pair => outputs.Contains(pair.Key)).Concat(inputs).ToDictionary(StringComparer.Ordinal);
        OnnxFile.SetMetadata(joined, (metadata with
        {
            Graph = AutoencoderMetadata.Pipeline, Columns = border, Layers = NetworkLayer.Of(joined.Graph, metadata.Layers),
        }).ToDictionary());
        joined.DocString =
            $"Pipeline from the columns {string.Join(", ", inputs.Values)} to a {metadata.Variant} autoencoder: " +
            $"{metadata.FeatureCount} features, a code of {metadata.CodeSize} units.";
        return joined.ToByteArray();
    }

    /// <summary>Joins the two graphs; <paramref name="inputs"/> goes from the names of the joined one's inputs to their columns.</summary>
    private static ModelProto Join(ModelProto stock, ModelProto model, IReadOnlyDictionary<string, string> columns,
        out IReadOnlyDictionary<string, string> inputs)
    {
        if (stock.OpsetImport.FirstOrDefault(set => set.Domain.Length == 0)?.Version is not Opset)
            throw new InvalidDataException(
                "The graph of the stock transforms is of opset " +
                $"{stock.OpsetImport.FirstOrDefault(set => set.Domain.Length == 0)?.Version}; expected {Opset}, the last that ML.NET " +
                "writes.");
        var joined = OpsetForms.Convert(model, Opset);
        var ours = joined.Graph;
        var before = new StockGraph(stock, [.. ours.Input.Select(input => columns[input.Name])],
            ours.Node.SelectMany(node => node.Output).Concat(ours.Initializer.Select(tensor => tensor.Name)));
        var feeds = ours.Input.ToDictionary(input => input.Name, input =>
            Fit(before, input, before.Column(columns[input.Name]), columns[input.Name]).Name, StringComparer.Ordinal);

        // The name of an input of ours says more than that of the stock value that feeds it, unless this feeds another
        // one too or is a column that goes in as it is.
        var renamed = feeds.Where(feed => !before.Inputs.ContainsKey(feed.Value) && !before.Inputs.ContainsKey(feed.Key)
            && feeds.Values.Count(value => value == feed.Value) == 1)
            .ToDictionary(feed => feed.Value, feed => feed.Key, StringComparer.Ordinal);
        before.Finish([.. feeds.Values], renamed);
        foreach (var node in ours.Node)
            OnnxFile.Replace(node.Input, feeds.ToDictionary(
                feed => feed.Key, feed => renamed.GetValueOrDefault(feed.Value, feed.Value), StringComparer.Ordinal));

        joined.Graph = new GraphProto
        {
            Name = ours.Name,
            DocString = ours.DocString,
            Node = { before.Graph.Node, ours.Node },
            Initializer = { before.Graph.Initializer, ours.Initializer },
            Input = { before.Graph.Input },
            Output = { ours.Output },
            ValueInfo = { before.Graph.ValueInfo, ours.ValueInfo },
        };
        joined.IrVersion = Math.Max(joined.IrVersion, stock.IrVersion);
        if (before.Graph.Node.Any(node => node.Domain == MachineLearning))
            joined.OpsetImport.Add(stock.OpsetImport.Single(set => set.Domain == MachineLearning).Clone());
        inputs = before.Inputs;
        return joined;
    }

    /// <summary>The value of a column as one of our inputs takes it.</summary>
    private static StockValue Fit(StockGraph before, ValueInfoProto input, StockValue value, string column)
    {
        int width = OnnxFile.WidthOf(input);
        if (value.ElementType != TensorTypes.Single)
            value = OneHot(before, input.Name, value, width, column);
        return value.Width == width ? value
            : throw new ArgumentException(
                $"The column '{column}' has {value.Width} values; the autoencoder's input '{input.Name}' takes {width}.", nameof(column));
    }

    /// <summary>One in the place of the key, zeros where it is missing (0) or beyond the last.</summary>
    private static StockValue OneHot(StockGraph before, string input, StockValue key, int count, string column)
    {
        bool isKey = input == GraphNames.Condition && key.Width == 1
            && key.ElementType is TensorTypes.UInt8 or TensorTypes.UInt16 or TensorTypes.UInt32 or TensorTypes.UInt64;
        if (!isKey)
            throw new ArgumentException(
                $"The column '{column}' has the ONNX element type {key.ElementType} and {key.Width} values; the autoencoder's input " +
                $"'{input}' takes {count} of Single{(input == GraphNames.Condition ? ", or one key" : "")}.", nameof(column));
        string values = before.Constant($"{input}/values", [.. Enumerable.Range(1, count).Select(value => (long)value)], 1, count);
        var equal = before.Add("Equal", $"{input}/is_value", [before.Whole(key, $"{input}/key").Name, values],
            TensorTypes.Boolean, [count]);
        return before.Add("Cast", $"{input}/one_hot", [equal.Name], TensorTypes.Single, [count],
            OnnxAttribute.Int64("to", TensorTypes.Single));
    }
}
