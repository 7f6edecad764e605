using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Puts an encoder and a decoder of another library's into the scorer graph of this one, between its scaling, missing
/// values, feature errors, score and threshold.
/// </summary>
internal static class ImportedScorerGraph
{
    private const string Encoder = NetworkLayer.Encoder, Decoder = NetworkLayer.Decoder;

    /// <summary>
    /// By how much, relative to the larger of 1 and its magnitude, a row's result may differ alone and in a batch:
    /// kernels for one row sum in another order.
    /// </summary>
    private const double BatchTolerance = 1e-3;

    /// <summary>Builds the graph, in this library's opset where both can be brought to it, otherwise in that of one of the two.</summary>
    /// <param name="encoder">Scaled features to code.</param>
    /// <param name="decoder">Code to scaled reconstruction.</param>
    /// <param name="metadata">What the graph says of itself; sizes, scaling, loss, missing-value policy and threshold
    /// are taken from it.</param>
    /// <returns>The bytes of an ONNX file.</returns>
    /// <exception cref="InvalidDataException">The two are of opsets that cannot be brought to one.</exception>
    public static byte[] Build(ImportedGraph encoder, ImportedGraph decoder, AutoencoderMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoder);
        ArgumentNullException.ThrowIfNull(metadata);
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
    /// Runs the graph over two rows at once and one by one: what cannot be run, or mixes the rows of a batch, is found
    /// here and not in use.
    /// </summary>
    /// <param name="model">A model over a graph of <see cref="Build"/>.</param>
    /// <param name="encoder">Its encoder, for messages.</param>
    /// <param name="decoder">Its decoder, for messages.</param>
    /// <exception cref="InvalidDataException">ONNX Runtime cannot run the graph, or a row's result is another one
    /// beside another row; the message names the files.</exception>
    public static void TryOut(AutoencoderModel model, ImportedGraph encoder, ImportedGraph decoder)
    {
        ArgumentNullException.ThrowIfNull(model);
        string[] outputs = [GraphNames.Code, GraphNames.Reconstruction];
        float[] mean = [.. model.Metadata.FeatureMeans];
        float[][] rows = [mean, [.. mean.Zip(model.Metadata.ScalingScales, (value, scale) => value + scale)]];
        float[][] together, alone;
        try
        {
            using var runner = model.CreateRunner([GraphNames.Features], outputs, rows.Length);
            float[][] Run(float[][] batch)
            {
                for (int i = 0; i < batch.Length; i++)
                    batch[i].CopyTo(runner.InputRow(0, i));
                runner.Run(batch.Length);
                return [.. from i in Enumerable.Range(0, batch.Length) from output in Enumerable.Range(
                    0, outputs.Length) select runner.OutputRow<float>(output, i).ToArray()];
            }
            (together, alone) = (Run(rows), [.. rows.SelectMany(row => Run([row]))]);
        }
        catch (Exception e) when (e is OnnxRuntimeException or InvalidDataException)
        {
            throw new InvalidDataException($"The two graphs cannot be run together, {encoder} and {decoder}: {e.Message}", e);
        }
        for (int i = 0; i < together.Length; i++)
        {
            if (together[i].Zip(alone[i], (a, b) => Math.Abs(a - b) / Math.Max(1, Math.Abs(b)))
                .Any(difference => difference > BatchTolerance))
                throw new InvalidDataException(
                    $"A row's {outputs[i % outputs.Length]} is another one alone than beside another row, in {encoder} and {decoder}. " +
                    "Export them in evaluation mode and with a batch of any size.");
        }
    }
}
