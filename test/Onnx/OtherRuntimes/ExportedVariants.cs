using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Onnx.Graphs;
using MLNetAutoencoder.Tests.Trainers;

namespace MLNetAutoencoder.Tests.Onnx.OtherRuntimes;

/// <summary>The graphs of every variant as files, with what our transformer computes for some rows.</summary>
internal static class ExportedVariants
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ConcurrentDictionary<string, Dictionary<Batch, Dictionary<string, NamedArray>>> s_scored = new();

    /// <summary>What a file is run with.</summary>
    public enum Batch
    {
        /// <summary>One row.</summary>
        One,

        /// <summary>Seven rows.</summary>
        Seven,

        /// <summary>Seven rows, in most of which a value is missing.</summary>
        WithHoles,
    }

    /// <summary>A graph of a variant, to be run with all batches.</summary>
    /// <param name="variant">One of <see cref="EveryVariant.Names"/>.</param>
    /// <param name="graph">Which of its graphs.</param>
    /// <param name="options">In what form; null for the default.</param>
    public static ExportedFile Of(string variant, OnnxGraph graph, OnnxExportOptions? options = null) => Of(variant, graph, options, Enum.GetValues<Batch>());

    /// <summary>A graph of a variant, to be run with some batches.</summary>
    public static ExportedFile Of(string variant, OnnxGraph graph, OnnxExportOptions? options, params Batch[] batches)
    {
        byte[] bytes = EveryVariant.Fitted(variant).ToOnnx(graph, options);
        string name = $"{variant}, {graph.ToString().ToLowerInvariant()}, opset {options?.Opset ?? OnnxExportOptions.DefaultOpset}";
        var model = OnnxFile.Parse(bytes, name);
        var scored = s_scored.GetOrAdd(variant, Scored);
        return new ExportedFile(name, bytes, [.. batches.Select(batch => new ExpectedRun(Arrays(model.Graph.Input, batch), Arrays(model.Graph.Output, batch)))]) { Metadata = EveryVariant.Fitted(variant).Metadata };

        NamedArray[] Arrays(IEnumerable<ValueInfoProto> values, Batch batch) => [.. values.Select(value => scored[batch][value.Name])];
    }

    private static Dictionary<Batch, Dictionary<string, NamedArray>> Scored(string variant)
    {
        var holes = VariantRows.Make(7, seed: 31);
        holes[1].Features[4] = float.NaN;
        holes[2].Features[0] = float.PositiveInfinity;
        holes[3].Features[11] = float.NegativeInfinity;
        holes[4].Side[1] = float.NaN;
        holes[5].Offset[0] = float.NaN;
        return new() { [Batch.One] = Scored(variant, VariantRows.Make(1, seed: 23)), [Batch.Seven] = Scored(variant, VariantRows.Make(7, seed: 29)), [Batch.WithHoles] = Scored(variant, holes) };
    }

    /// <summary>Every input and output of a model's graphs, by the graphs' names, as our transformer reads and writes them.</summary>
    private static Dictionary<string, NamedArray> Scored(string variant, VariantRow[] rows)
    {
        var model = EveryVariant.Fitted(variant);
        var view = model.Transform(VariantRows.View(s_ml, rows));
        return model.Metadata.Columns.ToDictionary(pair => pair.Key, pair => Read(view, pair.Key, pair.Value, rows, model.Metadata.ConditionSize));
    }

    private static NamedArray Read(IDataView view, string name, string column, VariantRow[] rows, int conditionSize)
    {
        var type = view.Schema[column].Type;
        if (type is BooleanDataViewType)
            return new NamedArray(name, view.GetColumn<bool>(column).ToArray(), rows.Length, 1);
        float[] values = type switch
        {
            KeyDataViewType => [.. view.GetColumn<uint>(column).SelectMany(key => Enumerable.Range(1, conditionSize).Select(value => key == value ? 1f : 0f))],
            VectorDataViewType => [.. view.GetColumn<float[]>(column).SelectMany(row => row)],
            _ => [.. view.GetColumn<float>(column)],
        };
        return new NamedArray(name, values, rows.Length, values.Length / rows.Length);
    }
}
