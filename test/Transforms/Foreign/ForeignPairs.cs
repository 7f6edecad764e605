using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms.Foreign;

/// <summary>An encoder and a decoder that PyTorch exported, and what PyTorch itself makes of the rows.</summary>
internal sealed record ForeignPair(
    string Name, string EncoderPath, string DecoderPath, string? EncoderOutput, string? DecoderInput, string? DecoderOutput, bool IsScaled, float[] Code, float[] Reconstruction, float[] FeatureErrors, float[] Score)
{
    public ForeignAutoencoderOptions Options(ForeignPairs pairs) => new()
    {
        Encoder = new ForeignGraph(EncoderPath, output: EncoderOutput),
        Decoder = new ForeignGraph(DecoderPath, DecoderInput, DecoderOutput),
        ScalingOffsets = IsScaled ? pairs.Offset : null,
        ScalingScales = IsScaled ? pairs.Scale : null,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };
}

/// <summary>A row of the made data that the pairs are for.</summary>
internal sealed class ForeignRow
{
    public const int FeatureCount = 12;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];
}

/// <summary>What <c>make_pairs.py</c> has written into a folder.</summary>
internal sealed class ForeignPairs
{
    public ForeignPairs(string folder)
    {
        var read = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "pairs.json")))!;
        (Offset, Scale) = (Numbers(read["offset"]), Numbers(read["scale"]));
        Rows = [.. Numbers(read["rows"]).Chunk(ForeignRow.FeatureCount).Select(row => new ForeignRow { Features = row })];
        All =
        [
            .. read["pairs"]!.AsArray().Select(pair => new ForeignPair(
                (string)pair!["name"]!, Path.Combine(folder, (string)pair["encoder"]!), Path.Combine(folder, (string)pair["decoder"]!),
                (string?)pair["encoder_output"], (string?)pair["decoder_input"], (string?)pair["decoder_output"], (bool)pair["scaled"]!,
                Numbers(pair["code"]), Numbers(pair["reconstruction"]), Numbers(pair["errors"]), Numbers(pair["score"]))),
        ];
    }

    /// <summary>The pairs that stand in the repository.</summary>
    public static ForeignPairs Kept { get; } = new(House.Repository.PathOf("test", "Transforms", "Foreign", "data"));

    public float[] Offset { get; }

    public float[] Scale { get; }

    public ForeignRow[] Rows { get; }

    public ForeignPair[] All { get; }

    public ForeignPair this[string name] => All.Single(pair => pair.Name == name);

    public IDataView View(MLContext ml) => ml.Data.LoadFromEnumerable(Rows);

    private static float[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(value => (float)value!)];
}
