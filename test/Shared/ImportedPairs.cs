using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>An encoder and a decoder that PyTorch exported, and what PyTorch itself makes of the rows.</summary>
internal sealed record ImportedPair(
    string Name, string EncoderPath, string DecoderPath, string? EncoderOutput, string? DecoderInput, string? DecoderOutput, bool IsScaled,
        float[] Code, float[] Reconstruction, float[] FeatureErrors, float[] Score)
{
    public ImportOptions Options(ImportedPairs pairs) => new()
    {
        Encoder = new ImportedGraph(EncoderPath, output: EncoderOutput),
        Decoder = new ImportedGraph(DecoderPath, DecoderInput, DecoderOutput),
        ScalingOffsets = IsScaled ? pairs.Offset : null,
        ScalingScales = IsScaled ? pairs.Scale : null,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };
}

/// <summary>A row of the made data that the pairs are for.</summary>
internal sealed class ImportedRow
{
    public const int FeatureCount = 12;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];
}

/// <summary>What <c>make_pairs.py</c> has written into a folder.</summary>
internal sealed class ImportedPairs
{
    public ImportedPairs(string folder)
    {
        var read = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "pairs.json")))!;
        (Offset, Scale) = (Numbers(read["offset"]), Numbers(read["scale"]));
        Rows = [.. Numbers(read["rows"]).Chunk(ImportedRow.FeatureCount).Select(row => new ImportedRow { Features = row })];
        All =
        [
            .. read["pairs"]!.AsArray().Select(pair => new ImportedPair(
                (string)pair!["name"]!, Path.Combine(folder, (string)pair["encoder"]!), Path.Combine(folder, (string)pair["decoder"]!),
                (string?)pair["encoder_output"], (string?)pair["decoder_input"], (string?)pair["decoder_output"], (bool)pair["scaled"]!,
                Numbers(pair["code"]), Numbers(pair["reconstruction"]), Numbers(pair["errors"]), Numbers(pair["score"]))),
        ];
    }

    /// <summary>The pairs that stand in the repository.</summary>
    public static ImportedPairs Kept { get; } = new(Repository.PathOf("test", "Interop.Tests", "Import", "data"));

    public float[] Offset { get; }

    public float[] Scale { get; }

    public ImportedRow[] Rows { get; }

    public ImportedPair[] All { get; }

    public ImportedPair this[string name] => All.Single(pair => pair.Name == name);

    public IDataView View(MLContext ml) => ml.Data.LoadFromEnumerable(Rows);

    private static float[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(value => (float)value!)];
}
