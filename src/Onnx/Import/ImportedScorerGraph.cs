using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Puts an encoder and a decoder of another library's into the scorer graph of this one, between its scaling, missing
/// values, feature errors, score and threshold.
/// </summary>
internal static class ImportedScorerGraph
{
    private const string Encoder = NetworkLayer.Encoder, Decoder = NetworkLayer.Decoder;

    /// <summary>Builds the graph, in this library's opset where both can be brought to it, otherwise in that of one of the two.</summary>
    /// <param name="encoder">Scaled features to code.</param>
    /// <param name="decoder">Code to scaled reconstruction.</param>
    /// <param name="metadata">What the graph says of itself; sizes, scaling, loss, missing-value policy and threshold
    /// are taken from it.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="InvalidDataException">The two are of opsets that cannot be brought to one.</exception>
    public static byte[] Build(ImportedGraph encoder, ImportedGraph decoder, AutoencoderMetadata metadata)
    {
        int latest = Math.Max(encoder.Opset, decoder.Opset);
        int[] opsets = [OnnxGraphBuilder.Opset, latest, Math.Min(encoder.Opset, decoder.Opset)];
        int opset = opsets.Where(opset => encoder.CanBeIn(opset) && decoder.CanBeIn(opset)).FirstOrDefault(latest);

        // Any operator with one input and one output can hold the place of the two.
        GraphPart Place(string name) => (graph, input, _) => graph.Node("Neg", name, [input]);
        var around = ScorerGraph.Build(new AutoencoderParts { Encoder = Place(Encoder), Decoder = Place(Decoder) }, metadata);
        var model = OpsetForms.Convert(around, opset);
        encoder.Replace(model.Graph, opset, model.Graph.Node.First(node => node.Name == Encoder), metadata.CodeSize);
        decoder.Replace(model.Graph, opset, model.Graph.Node.First(node => node.Name == Decoder), metadata.FeatureCount);
        OnnxFile.SetMetadata(model, (metadata with
        {
            Layers = [.. NetworkLayer.OfImported(model.Graph, Encoder), .. NetworkLayer.OfImported(model.Graph, Decoder)],
        }).ToDictionary());
        return model.ToByteArray();
    }

    /// <summary>
    /// Opens a session over both graphs, which tries some rows: what cannot be run, or mixes the rows of a batch, is found
    /// here and not in use.
    /// </summary>
    /// <exception cref="InvalidDataException">ONNX Runtime cannot run the graph, or a row's result is another one
    /// beside other rows; the message names the files.</exception>
    public static void TryOut(AutoencoderModel model, ImportedGraph encoder, ImportedGraph decoder)
    {
        try
        {
            model.CreateRunner([GraphNames.Features], [GraphNames.Code, GraphNames.Reconstruction], capacity: 1).Dispose();
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The two graphs cannot be run together, {encoder} and {decoder}: {e.Message}", e);
        }
    }
}
