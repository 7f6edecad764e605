using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Corrupt and foreign graphs.</summary>
[TestClass]
public sealed class BadFileTests
{
    [TestMethod]
    public void Bytes_that_are_no_ONNX_model_are_refused()
    {
        Refused(RandomBytes(), "is not an ONNX model");
        Refused([], "is not an ONNX model");
        Refused("not a model at all"u8.ToArray(), "is not an ONNX model");
    }

    [TestMethod]
    public void A_foreign_graph_is_refused()
    {
        var graph = new OnnxGraphBuilder("foreign");
        graph.Output(graph.Node("Relu", "y", [graph.Input("x", 2, "")]), TensorTypes.Single, 2, "");
        Refused(graph.Build(new Dictionary<string, string>()), "is not an autoencoder of this library");
    }

    [TestMethod]
    public void A_truncated_graph_is_refused()
    {
        byte[] bytes = Scorer();
        for (int length = bytes.Length - 1; length > 0; length -= 997)
            Refused(bytes[..length], "The file 'x.onnx'");
    }

    [TestMethod]
    public void A_newer_format_is_refused_with_its_version()
    {
        var metadata = new AutoencoderModel(Scorer(), "The graph").Metadata;
        var model = OnnxFile.Parse(Scorer(), "The graph");
        OnnxFile.SetMetadata(model, (metadata with { FormatVersion = "2.3" }).ToDictionary());
        Refused(Google.Protobuf.MessageExtensions.ToByteArray(model), "has the format version 2.3; this library");
    }

    [TestMethod]
    public void Metadata_that_contradict_the_graph_or_cannot_be_read_are_refused()
    {
        Refused(Change("code_size", "7"), "has in its metadata 'autoencoder.code_mean' 2 values; expected 0 or 7");
        Refused(Change("code_size", "two"), "'autoencoder.code_size' that cannot be read as Int32: 'two'");
        Refused(Change("threshold", null), "lacks the metadata 'autoencoder.threshold'");
        Refused(Change("feature_names", "[1"), "'autoencoder.feature_names' that cannot be read");
    }

    private static byte[] Change(string key, string? value)
    {
        var model = OnnxFile.Parse(Scorer(), "The graph");
        var metadata = OnnxFile.GetMetadata(model);
        if (value is null)
            metadata.Remove(AutoencoderMetadata.Prefix + key);
        else
            metadata[AutoencoderMetadata.Prefix + key] = value;
        OnnxFile.SetMetadata(model, metadata);
        return Google.Protobuf.MessageExtensions.ToByteArray(model);
    }

    private static byte[] Scorer()
    {
        using var folder = new TestFolder();
        using var model = Rows.Fit(new MLContext(seed: 1), options => options.Epochs = 0);
        model.ExportOnnx(folder["e"], folder["d"], folder["s"]);
        return File.ReadAllBytes(folder["s"]);
    }

    private static byte[] RandomBytes()
    {
        byte[] bytes = new byte[1000];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static void Refused(byte[] bytes, string message) =>
        Fails.With<InvalidDataException>(message, () => new AutoencoderModel(bytes, "The file 'x.onnx'").Dispose());
}
