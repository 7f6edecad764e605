using Google.Protobuf;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests;

/// <summary>Graphs as the bytes of files.</summary>
internal static class GraphBytes
{
    public static byte[] Build(this OnnxGraphBuilder graph, IReadOnlyDictionary<string, string> metadata, string description = "") =>
        graph.ToProto(metadata, description).ToByteArray();

    /// <summary>The scorer of a plain encoder and decoder.</summary>
    public static byte[] Scorer(GraphPart encoder, GraphPart decoder, AutoencoderMetadata metadata) =>
        ScorerGraph.Build(new AutoencoderParts { Encoder = encoder, Decoder = decoder }, metadata).ToByteArray();
}
