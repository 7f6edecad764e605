using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>The graphs of every variant, and of a classifier, as files, with what our transformers compute for some rows.</summary>
internal static class ExportedVariants
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ConcurrentDictionary<string, Dictionary<Batch, Dictionary<string, NamedArray>>> s_scored = new();

    private static readonly Lazy<StackedClassifierTransformer> s_classifier = new(() => new StackedClassifierEstimator(s_ml, new()
    {
        LabelColumnName = "Key",
        Hidden = [10],
        Code = 3,
        PretrainingEpochs = 2,
        Epochs = 3,
        Seed = 3,
        CodeColumnName = "Code",
    }).Fit(EveryVariant.Rows(300)));

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
    public static ExportedFile Of(string variant, OnnxGraph graph, OnnxExportOptions? options = null) =>
        Of(variant, graph, options, Enum.GetValues<Batch>());

    /// <summary>A graph of a variant, to be run with some batches.</summary>
    public static ExportedFile Of(string variant, OnnxGraph graph, OnnxExportOptions? options, params Batch[] batches)
    {
        var model = EveryVariant.Fitted(variant);
        return Of(variant, graph, options, model.ToOnnx(graph, options), batches, view => (model.Transform(view), model.Metadata))
            with { Metadata = model.Metadata };
    }

    /// <summary>A classifier of the rows' groups, whose predicted label is text, to be run with all batches.</summary>
    public static ExportedFile Classifier(OnnxExportOptions? options = null)
    {
        var model = s_classifier.Value;
        return Of("stacked classifier", OnnxGraph.Classifier, options, model.ToOnnx(options), Enum.GetValues<Batch>(), view =>
            (model.Transform(view), model.Metadata));
    }

    private static ExportedFile Of(string variant, OnnxGraph graph, OnnxExportOptions? options, byte[] bytes, Batch[] batches,
        Func<IDataView, (IDataView, AutoencoderMetadata)> transform)
    {
        string name = $"{variant}, {graph.ToString().ToLowerInvariant()}, opset {options?.Opset ?? OnnxExportOptions.DefaultOpset}";
        var model = OnnxFile.Parse(bytes, name);
        var scored = s_scored.GetOrAdd(variant, _ =>
            Enum.GetValues<Batch>().ToDictionary(batch => batch, batch => Scored(RowsOf(batch), transform)));
        return new ExportedFile(
            name, bytes, [.. batches.Select(batch =>
            new ExpectedRun(Arrays(model.Graph.Input, batch), Arrays(model.Graph.Output, batch)))]);

        NamedArray[] Arrays(IEnumerable<ValueInfoProto> values, Batch batch) => [.. values.Select(value => scored[batch][value.Name])];
    }

    private static VariantRow[] RowsOf(Batch batch)
    {
        if (batch == Batch.One)
            return VariantRows.Make(1, seed: 23);
        var rows = VariantRows.Make(7, seed: 29);
        if (batch == Batch.WithHoles)
        {
            rows[1].Features[4] = float.NaN;
            rows[2].Features[0] = float.PositiveInfinity;
            rows[3].Features[11] = float.NegativeInfinity;
            rows[4].Side[1] = float.NaN;
            rows[5].Offset[0] = float.NaN;
        }
        return rows;
    }

    /// <summary>Every input and output of a model's graphs, by the graphs' names, as our transformer reads and writes them.</summary>
    private static Dictionary<string, NamedArray> Scored(VariantRow[] rows, Func<IDataView, (IDataView, AutoencoderMetadata)> transform)
    {
        var (view, metadata) = transform(VariantRows.View(s_ml, rows));
        return metadata.Columns.ToDictionary(pair => pair.Key, pair => Read(view, pair.Key, pair.Value, rows.Length, metadata));
    }

    private static NamedArray Read(IDataView view, string name, string column, int rows, AutoencoderMetadata metadata)
    {
        Array values = view.Schema[column].Type switch
        {
            KeyDataViewType when name == GraphNames.PredictedLabel =>
                view.GetColumn<uint>(column).Select(key => key == 0 ? "" : metadata.ClassNames[(int)key - 1]).ToArray(),
            KeyDataViewType => view.GetColumn<uint>(column)
                .SelectMany(key => Enumerable.Range(1, metadata.ConditionSize).Select(value => key == value ? 1f : 0f)).ToArray(),
            VectorDataViewType => view.GetColumn<float[]>(column).SelectMany(row => row).ToArray(),
            BooleanDataViewType => view.GetColumn<bool>(column).ToArray(),
            _ => view.GetColumn<float>(column).ToArray(),
        };
        return new NamedArray(name, values, rows, values.Length / rows);
    }
}
