using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>What stands beside a saved model: rows, and what the version that saved it made of them.</summary>
internal sealed record GoldenFile
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public required string Variant { get; init; }

    /// <summary>What the metadata call the form of the weights; "none" for float32.</summary>
    public required string Weights { get; init; }

    public required float Threshold { get; init; }

    public required string[] FeatureNames { get; init; }

    /// <summary>From outputs of the graph to names of columns.</summary>
    public required Dictionary<string, string> Columns { get; init; }

    public required GoldenRow[] Rows { get; init; }

    /// <summary>By the graph's names of outputs, the values of each row: truth values as 0 and 1, keys as their numbers.</summary>
    public required Dictionary<string, float[][]> Outputs { get; init; }

    public static string Folder { get; } = Repository.PathOf("test", "Transforms.Tests", "Golden", "data");

    /// <summary>The names of what lies in the folder, whatever its extension.</summary>
    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(Folder).Select(file => Path.GetFileNameWithoutExtension(file)).Distinct();

    public static string Zip(string name) => Path.Combine(Folder, name + ".zip");

    public static string Graph(string name) => Path.Combine(Folder, name + ".onnx");

    public static string Expectation(string name) => Path.Combine(Folder, name + ".json");

    public static GoldenFile Read(string name) =>
        JsonSerializer.Deserialize<GoldenFile>(File.ReadAllText(Expectation(name)), s_json)!;

    /// <summary>Saves a model in all its forms, with what it makes of the rows.</summary>
    /// <param name="name">The name of the files.</param>
    /// <param name="ml">The context that the model was made with.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">The rows.</param>
    public static void Write(string name, MLContext ml, ITransformer model, GoldenRow[] rows)
    {
        var view = GoldenRow.View(ml, rows);
        byte[] graph = model switch
        {
            AutoencoderTransformer autoencoder => autoencoder.ToOnnx(OnnxGraph.Scorer),
            StackedClassifierTransformer classifier => classifier.ToOnnx(),
            _ => ml.Autoencoders().ExportPipelineToOnnx(model, view.Schema),
        };
        var metadata = MetadataOf(graph, name);
        var scored = model.Transform(view);
        var columns = OnnxFile.Parse(graph, name).Graph.Output.ToDictionary(output => output.Name, output => metadata.Columns[output.Name]);
        var golden = new GoldenFile
        {
            Variant = metadata.Variant,
            Weights = metadata.Quantization,
            Threshold = metadata.Threshold,
            FeatureNames = [.. metadata.FeatureNames],
            Columns = columns,
            Rows = rows,
            Outputs = columns.ToDictionary(column => column.Key, column => Values(scored, column.Value)),
        };
        ml.Model.Save(model, view.Schema, Zip(name));
        File.WriteAllBytes(Graph(name), graph);
        File.WriteAllText(Expectation(name), JsonSerializer.Serialize(golden, s_json) + "\n");
    }

    /// <summary>What a graph of this library, a whole pipeline too, says of itself.</summary>
    public static AutoencoderMetadata MetadataOf(byte[] graph, string name) =>
        AutoencoderMetadata.Read(OnnxFile.GetMetadata(OnnxFile.Parse(graph, name)), name);

    /// <summary>The values of a column, row by row, whether it is one of ours or a stock one's vector of length 1.</summary>
    public static float[][] Values(IDataView view, string name)
    {
        var column = view.Schema[name];
        var type = (column.Type as VectorDataViewType)?.ItemType ?? column.Type;
        return true switch
        {
            _ when type.RawType == typeof(bool) => Values<bool>(view, column, value => value ? 1 : 0),
            _ when type.RawType == typeof(uint) => Values<uint>(view, column, value => value),
            _ => Values<float>(view, column, value => value),
        };
    }

    private static float[][] Values<T>(IDataView view, DataViewSchema.Column column, Converter<T, float> number) =>
        column.Type is VectorDataViewType
        ? [.. view.GetColumn<T[]>(column).Select(row => Array.ConvertAll(row, number))]
        : [.. view.GetColumn<T>(column).Select(value => new[] { number(value) })];
}
