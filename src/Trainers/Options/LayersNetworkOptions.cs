using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// An encoder and a decoder that are put together from layers: any order of dense layers, activations, normalizations, dropout,
/// residual blocks, convolutions and pooling.
/// </summary>
/// <remarks>
/// The code, of <see cref="AutoencoderEstimator.Options.Code"/>, follows the encoder's last layer. A decoder that ends in an image
/// gives the features as this image; after any other, a dense layer of as many units as there are features follows.
/// <see cref="NetworkOptions.OutputActivation"/> comes last. A condition joins what the first dense layer of encoder and decoder takes,
/// or, where there is none, what their last layer gives.
/// </remarks>
public sealed record LayersNetworkOptions : NetworkOptions
{
    /// <summary>The layers from the features to the code. The default value is empty.</summary>
    public IReadOnlyList<Layer> Encoder { get; init => field = ValueList.Of(value); } = ValueList.Of<Layer>([]);

    /// <summary>The layers from the code to the features. The default value is empty.</summary>
    public IReadOnlyList<Layer> Decoder { get; init => field = ValueList.Of(value); } = ValueList.Of<Layer>([]);

    internal override string Kind => "dense";

    [JsonIgnore]
    internal override bool HasDropout => All(Encoder).Concat(All(Decoder)).Any(layer => layer is Layer.DropoutOf { Share: > 0 });

    /// <summary>
    /// Residual blocks of layer normalization, two dense layers and a rectified linear unit between them, before and after the code.
    /// </summary>
    /// <param name="width">The units of each layer.</param>
    /// <param name="blocks">The number of blocks before the code, and after it.</param>
    internal static LayersNetworkOptions Residual(int width, int blocks)
    {
        var block = Layer.Residual(
            Layer.Normalize(Normalization.Layer), Layer.Dense(width), Layer.Activate(Activation.ReLU), Layer.Dense(width));
        var all = Enumerable.Repeat(block, blocks);
        return new LayersNetworkOptions
        {
            Encoder = [Layer.Dense(width), .. all],
            Decoder = [Layer.Dense(width), .. all, Layer.Normalize(Normalization.Layer), Layer.Activate(Activation.ReLU)],
        };
    }

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        base.Validate(options);
        Require.Not(Activation != Activation.ReLU, $"{path}.{nameof(Activation)}", Activation, path, nameof(LayersNetworkOptions),
            "its layers have their own; use Layer.Activate");
        Require.Not(Normalization != Normalization.None, $"{path}.{nameof(Normalization)}", Normalization, path,
            nameof(LayersNetworkOptions), "its layers have their own; use Layer.Normalize");
        Require.NotNull(Encoder, $"{path}.{nameof(Encoder)}");
        Require.NotNull(Decoder, $"{path}.{nameof(Decoder)}");
        var end = Check(featureCount: null, options.Code.Size);
        Require.Not(end.Image is not null && options.ConditionColumnName is not null && !Decoder.Any(layer => layer is Layer.DenseOf),
            nameof(options.ConditionColumnName), options.ConditionColumnName ?? "", $"{path}.{nameof(Decoder)}", "images alone",
            "the condition joins what a dense layer takes; begin with one");
    }

    internal override void ValidateFor(int featureCount, string column)
    {
        var end = Check(featureCount, codeSize: null);
        if (end.Image is { } image && image.Count != featureCount)
            throw new InvalidOperationException(
                $"The column '{column}' has {featureCount} features; the image of {image} that the decoder ends in has {image.Count}.");
    }

    private protected override NetworkPart CreateTrunk(int featureCount, int conditionSize, Generator generator, out int width)
    {
        var builder = new LayerBuilder("encoder", generator);
        var stack = builder.Build(Encoder, LayerShape.Vector(featureCount), conditionSize);
        width = checked((int)stack.Output.Count!.Value);
        return stack;
    }

    private protected override NetworkPart CreateDecoder(
        NetworkPart trunk, CodeLayer code, int featureCount, int conditionSize, Generator generator)
    {
        var builder = new LayerBuilder("decoder", generator);
        return builder.Build(Decoder, LayerShape.Vector(code.Units.Outputs), conditionSize, featureCount, OutputActivation);
    }

    private LayerShape Check(int? featureCount, int? codeSize)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        LayerBuilder.Infer(Encoder, new LayerShape(featureCount, null), $"{path}.{nameof(Encoder)}");
        return LayerBuilder.Infer(Decoder, new LayerShape(codeSize, null), $"{path}.{nameof(Decoder)}");
    }

    private static IEnumerable<Layer> All(IEnumerable<Layer> layers) =>
        layers.SelectMany(layer => layer is Layer.ResidualOf residual ? All(residual.Layers) : [layer]);
}
