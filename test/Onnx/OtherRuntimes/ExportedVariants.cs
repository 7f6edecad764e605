using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Onnx.Graphs;
using MLNetAutoencoder.Tests.Trainers;

namespace MLNetAutoencoder.Tests.Onnx.OtherRuntimes;

/// <summary>Encoder, decoder and scorer of every variant as files, with what our transformer computes for some rows.</summary>
internal static class ExportedVariants
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ConcurrentDictionary<string, Dictionary<string, NamedArray>[]> s_scored = new();

    /// <summary>A variant's files in the default opset.</summary>
    public static IEnumerable<ExportedFile> Of(string variant)
    {
        var model = EveryVariant.Fitted(variant);
        using var folder = new TestFolder();
        model.ExportOnnx(folder["encoder.onnx"], folder["decoder.onnx"], folder["scorer.onnx"]);
        return [.. Parts.Select(part => With(variant, $"{variant}, {part}", File.ReadAllBytes(folder[$"{part}.onnx"]), Batches))];
    }

    /// <summary>The files that a model is exported to.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["encoder", "decoder", "scorer"];

    /// <summary>All runs: one row, some rows, and rows in which values are missing.</summary>
    public static IReadOnlyList<int> Batches { get; } = [0, 1, 2];

    /// <summary>A file of a variant with what it must give: for each of its inputs and outputs what our transformer reads or writes.</summary>
    /// <param name="variant">One of <see cref="EveryVariant.Names"/>.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="bytes">The file, with any of the inputs and outputs of the contract.</param>
    /// <param name="batches">Which runs.</param>
    public static ExportedFile With(string variant, string name, byte[] bytes, IEnumerable<int> batches)
    {
        var graph = OnnxFile.Parse(bytes, name).Graph;
        var scored = Scored(variant);
        return new ExportedFile(name, bytes, [.. batches.Select(i => new ExpectedRun(Arrays(graph.Input, i), Arrays(graph.Output, i)))]) { Metadata = EveryVariant.Fitted(variant).Metadata };

        IReadOnlyList<NamedArray> Arrays(IEnumerable<ValueInfoProto> values, int batch) => [.. values.Select(value => scored[batch][value.Name])];
    }

    private static Dictionary<string, NamedArray>[] Scored(string variant) => s_scored.GetOrAdd(variant, name =>
    {
        VariantRow[] one = VariantRows.Make(1, seed: 23), some = VariantRows.Make(7, seed: 29), holes = VariantRows.Make(7, seed: 31);
        holes[1].Features[4] = float.NaN;
        holes[2].Features[0] = float.PositiveInfinity;
        holes[3].Features[11] = float.NegativeInfinity;
        holes[4].Side[1] = float.NaN;
        holes[5].Offset[0] = float.NaN;
        return [Scored(EveryVariant.Fitted(name), one), Scored(EveryVariant.Fitted(name), some), Scored(EveryVariant.Fitted(name), holes)];
    });

    /// <summary>Every input and output of a model's graphs, by the graphs' names, as our transformer reads and writes them.</summary>
    private static Dictionary<string, NamedArray> Scored(AutoencoderTransformer model, VariantRow[] rows)
    {
        var view = model.Transform(VariantRows.View(s_ml, rows));
        var values = new Dictionary<string, NamedArray>();
        foreach (var (name, column) in model.Metadata.Columns)
            values.Add(name, Read(view, name, column, model.Metadata.ConditionSize, rows.Length));
        return values;
    }

    private static NamedArray Read(IDataView view, string name, string column, int conditionSize, int rows)
    {
        var type = view.Schema[column].Type;
        if (type is KeyDataViewType)
            return Floats([.. view.GetColumn<uint>(column).SelectMany(key => Enumerable.Range(1, conditionSize).Select(value => key == value ? 1f : 0f))]);
        if (type is VectorDataViewType)
            return Floats([.. view.GetColumn<float[]>(column).SelectMany(row => row)]);
        return type is BooleanDataViewType ? new NamedArray(name, view.GetColumn<bool>(column).ToArray(), rows, 1) : Floats([.. view.GetColumn<float>(column)]);

        NamedArray Floats(float[] values) => new(name, values, rows, values.Length / rows);
    }
}
