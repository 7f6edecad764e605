using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>
/// Exported graphs of <see cref="EveryVariant"/>'s models, run by ONNX Runtime itself, and what the transformer gives
/// for the same rows.
/// </summary>
internal sealed class ExportedGraph : IDisposable
{
    private static readonly MLContext s_ml = new(seed: 1);

    private readonly InferenceSession _session;

    public ExportedGraph(byte[] graph)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        _session = new InferenceSession(graph, options);
    }

    /// <summary>Rows of which, from three on, one has NaN and, from five on, one an infinity.</summary>
    public static VariantRow[] Rows(int count, int seed = 41)
    {
        var rows = VariantRows.Make(count, seed);
        if (count >= 3)
            rows[2].Features[1] = float.NaN;
        if (count >= 5)
            rows[4].Features[7] = float.PositiveInfinity;
        return rows;
    }

    /// <summary>What the encoder and the scorer of a model take of the rows.</summary>
    public static Dictionary<string, float[]> Inputs(AutoencoderTransformer model, VariantRow[] rows)
    {
        var inputs = new Dictionary<string, float[]>();
        foreach (string input in new[] { GraphNames.Features, GraphNames.Condition, GraphNames.CodeOffset })
        {
            if (model.Metadata.Columns.TryGetValue(input, out string? column))
                inputs[input] = [.. rows.SelectMany(
                    row => column switch { "Features" => row.Features, "Side" => row.Side, "Offset" => row.Offset, _ =>
                    VariantRows.OneHot(row) })];
        }
        return inputs;
    }

    /// <summary>Runs the graph over rows and gives its outputs as numbers, truth values as 0 and 1.</summary>
    public Dictionary<string, double[]> Run(IReadOnlyDictionary<string, float[]> inputs, int rows)
    {
        string[] names = [.. _session.InputMetadata.Keys], outputs = [.. _session.OutputMetadata.Keys];
        OrtValue[] values = Array.ConvertAll(names, name =>
            OrtValue.CreateTensorValueFromMemory(inputs[name], [rows, inputs[name].Length / rows]));
        using var options = new RunOptions();
        using var results = _session.Run(options, names, values, outputs);
        Array.ForEach(values, value => value.Dispose());
        return outputs.Zip(results).ToDictionary(pair => pair.First, pair => Numbers(pair.Second));
    }

    public void Dispose() => _session.Dispose();

    /// <summary>The same for one run.</summary>
    public static Dictionary<string, double[]> Run(byte[] graph, IReadOnlyDictionary<string, float[]> inputs, int rows)
    {
        using var exported = new ExportedGraph(graph);
        return exported.Run(inputs, rows);
    }

    /// <summary>The model as it runs all rows at once, up to 256.</summary>
    public static AutoencoderTransformer AtOnce(AutoencoderTransformer model) =>
        model.WithScoring(new ScoringOptions { BatchSize = 256, IntraOpThreads = 1 });

    /// <summary>The transformer's columns for the rows, by the names of the graph's outputs.</summary>
    /// <param name="model">The model, from <see cref="AtOnce"/>.</param>
    /// <param name="rows">The rows.</param>
    public static Dictionary<string, double[]> Expected(AutoencoderTransformer model, VariantRow[] rows)
    {
        var view = model.Transform(VariantRows.View(s_ml, rows));
        var expected = new Dictionary<string, double[]>();
        foreach (var (output, column) in model.Metadata.Columns.Where(
            pair => pair.Key is not (GraphNames.Features or GraphNames.Condition or GraphNames.CodeOffset)))
        {
            expected[output] = view.Schema[column].Type switch
            {
                BooleanDataViewType => [.. view.GetColumn<bool>(column).Select(value => value ? 1.0 : 0)],
                VectorDataViewType => [.. view.GetColumn<float[]>(column).SelectMany(row => row).Select(value => (double)value)],
                _ => [.. view.GetColumn<float>(column).Select(value => (double)value)],
            };
        }
        return expected;
    }

    /// <summary>Checks that two runs give the same.</summary>
    /// <param name="expected">The outputs of one.</param>
    /// <param name="actual">The outputs of the other; it may have fewer.</param>
    /// <param name="tolerance">The largest difference, relative to the largest value of the output: single values may
    /// lie next to zero.</param>
    /// <param name="name">What is compared, for messages.</param>
    public static void AreEqual(IReadOnlyDictionary<string, double[]> expected, IReadOnlyDictionary<string, double[]> actual,
        double tolerance, string name)
    {
        foreach (var (output, values) in actual)
        {
            double[] wanted = expected[output];
            double largest = wanted.Where(double.IsFinite).Select(Math.Abs).Append(0).Max();
            Assert.HasCount(wanted.Length, values, $"{name}, {output}");
            for (int i = 0; i < values.Length; i++)
                Assert.AreEqual(wanted[i], values[i], tolerance * largest, $"{name}, {output}, value {i}");
        }
    }

    /// <summary>
    /// Element type and axes of every value of a graph as ONNX's shape inference finds them in ONNX Runtime: a number
    /// for a known length, a name for a symbolic one, ? for what it cannot tell.
    /// </summary>
    public static Dictionary<string, (TensorElementType Type, string[] Axes)> Infer(byte[] graph)
    {
        // Every value an output, and none with a shape but those that the file declares for values between nodes.
        var model = OnnxFile.Parse(graph, "The graph");
        var declared = model.Graph.ValueInfo.ToDictionary(value => value.Name);
        model.Graph.Output.Clear();
        model.Graph.ValueInfo.Clear();
        model.Graph.Output.Add(model.Graph.Node.SelectMany(node => node.Output)
            .Select(name => declared.GetValueOrDefault(name) ?? new ValueInfoProto { Name = name }));
        using var options = new SessionOptions { GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL, IntraOpNumThreads = 1 };
        using var session = new InferenceSession(model.ToByteArray(), options);
        return session.InputMetadata.Concat(session.OutputMetadata).ToDictionary(value => value.Key, value => (
            value.Value.ElementDataType,
            value.Value.Dimensions.Select((length, i) =>
                length >= 0 ? $"{length}" : value.Value.SymbolicDimensions[i].Length > 0 ? value.Value.SymbolicDimensions[i] : "?")
                .ToArray()));
    }

    private static double[] Numbers(OrtValue value) => value.GetTensorTypeAndShape().ElementDataType switch
    {
        TensorElementType.Float => [.. value.GetTensorDataAsSpan<float>().ToArray().Select(number => (double)number)],
        TensorElementType.Bool => [.. value.GetTensorDataAsSpan<bool>().ToArray().Select(truth => truth ? 1.0 : 0)],
        TensorElementType.Int64 => [.. value.GetTensorDataAsSpan<long>().ToArray().Select(number => (double)number)],
        var type => throw new NotSupportedException($"{type}"),
    };
}
