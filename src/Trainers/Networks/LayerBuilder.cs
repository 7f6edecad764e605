using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What goes from one layer to the next.</summary>
/// <param name="Count">The number of values of a row; null where only the data tell.</param>
/// <param name="Image">The image that they are, or null for a vector.</param>
internal readonly record struct LayerShape(long? Count, ImageShape? Image)
{
    public static LayerShape Vector(long? count) => new(count, null);

    public static LayerShape Of(ImageShape image) => new(image.Count, image);

    public override string ToString() =>
        Image is { } image ? $"an image of {image}" : Count is { } count ? $"{count} values" : "the features";
}

/// <summary>Makes parts of a network of a list of layers.</summary>
internal sealed class LayerBuilder(string name, Generator generator)
{
    private int _dense, _convolutions, _others;

    /// <summary>Checks that each layer can take what the one before gives.</summary>
    /// <param name="layers">The layers.</param>
    /// <param name="shape">What the first one takes.</param>
    /// <param name="path">What the list is called in messages.</param>
    /// <returns>What the last one gives.</returns>
    /// <exception cref="ArgumentException">One cannot; the message names it.</exception>
    public static LayerShape Infer(IReadOnlyList<Layer> layers, LayerShape shape, string path)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            Require.NotNull(layers[i], $"{path}[{i}]");
            layers[i].Validate($"{path}[{i}]");
            if (layers[i] is Layer.NormalizationOf { Normalization: Normalization.Batch }
                && (i == 0 || layers[i - 1] is not (Layer.DenseOf or Layer.ConvolutionOf)))
                throw Wrong(layers[i], i, "follows no dense layer or convolution that takes it over once it is trained");
            shape = Infer(layers[i], i, shape);
        }
        return shape;

        LayerShape Infer(Layer layer, int place, LayerShape input)
        {
            switch (layer)
            {
                case Layer.DenseOf dense:
                    return LayerShape.Vector(dense.Units);
                case Layer.NormalizationOf { Normalization: Normalization.Layer } when input.Image is not null || input.Count == 1:
                    throw Wrong(layer, place, $"is over the units of a vector of several, and gets {input}");
                case Layer.ResidualOf residual:
                    var output = LayerBuilder.Infer(residual.Layers, input, $"{path}[{place}].{nameof(residual.Layers)}");
                    if (input.Count is not null && (output.Count, output.Image) != (input.Count, input.Image))
                        throw Wrong(layer, place, $"adds {output} to {input}; its layers must keep the shape");
                    return input.Count is null ? output : input;
                case Layer.ImageOf image:
                    if (input.Image is not null)
                        throw Wrong(layer, place, $"takes a vector, and gets {input}");
                    if (input.Count is { } count && count != image.Shape.Count && count != 2 * image.Shape.Count)
                        throw Wrong(layer, place, $"takes {image.Shape.Count} values ({image.Shape}), and gets {count}");
                    return LayerShape.Of(image.Shape);
                case Layer.ConvolutionOf convolution:
                    return LayerShape.Of(ImageOf(layer, place, input) with { Channels = convolution.Filters });
                case Layer.MaxPoolingOf pooling:
                    return LayerShape.Of(ImageOf(layer, place, input).Pooled(pooling.Factor));
                case Layer.UpsamplingOf upsampling:
                    var small = ImageOf(layer, place, input);
                    return LayerShape.Of(small with { Height = checked(small.Height * upsampling.Factor),
                        Width = checked(small.Width * upsampling.Factor) });
                default:
                    return input;
            }
        }
        ImageShape ImageOf(Layer layer, int place, LayerShape input) => input.Image
            ?? throw Wrong(layer, place, $"takes an image, and gets {input}; put Layer.Image before it");
        ArgumentException Wrong(Layer layer, int place, string problem) => new(
            $"The layer {path}[{place}] ({layer}) {problem}.", path);
    }

    /// <summary>Makes the layers.</summary>
    /// <param name="layers">The layers, which have been checked.</param>
    /// <param name="input">What the first one takes, without the condition.</param>
    /// <param name="conditionSize">The width of the condition; 0 where there is none.</param>
    /// <param name="outputs">The number of values that the whole is to give; null for those of the last layer.</param>
    /// <param name="outputActivation">What comes last.</param>
    public LayerStack Build(IReadOnlyList<Layer> layers, LayerShape input, int conditionSize, int? outputs = null,
        Activation outputActivation = Activation.Linear)
    {
        List<NetworkPart> parts = [];
        int joinAt = -1;
        var shape = Add(parts, layers, input, conditionSize, ref joinAt);
        if (outputs is { } count && shape.Image is null)
        {
            if (joinAt < 0)
                (joinAt, shape) = (parts.Count, LayerShape.Vector(shape.Count + conditionSize));
            parts.Add(new DenseLayer($"{name}/dense{++_dense}", (int)shape.Count!, count, outputActivation, generator));
            shape = LayerShape.Vector(count);
        }
        else
        {
            shape = Flatten(parts, shape);
            if (outputActivation != Activation.Linear)
                parts.Add(new ActivationPart($"{name}/output", outputActivation));
            if (joinAt < 0)
                (joinAt, shape) = (parts.Count, LayerShape.Vector(shape.Count + conditionSize));
        }
        return new LayerStack(name, parts, joinAt, shape);
    }

    /// <summary>Makes layers one after another.</summary>
    /// <param name="parts">Where they go.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="shape">What the first one takes.</param>
    /// <param name="conditionSize">The width of the condition.</param>
    /// <param name="joinAt">The place of the layer that the condition joins; -1 until there is one.</param>
    /// <returns>What the last one gives.</returns>
    private LayerShape Add(List<NetworkPart> parts, IReadOnlyList<Layer> layers, LayerShape shape, int conditionSize, ref int joinAt)
    {
        for (int i = 0; i < layers.Count; i++)
        {
            if (layers[i] is Layer.DenseOf)
            {
                shape = Flatten(parts, shape);
                if (joinAt < 0)
                    (joinAt, shape) = (parts.Count, LayerShape.Vector(shape.Count + conditionSize));
            }
            if (Part(layers, i, shape, out shape) is { } part)
                parts.Add(part);
        }
        return shape;
    }

    private LayerShape Flatten(List<NetworkPart> parts, LayerShape shape)
    {
        if (shape.Image is not { } image)
            return shape;
        parts.Add(new FlatPart($"{name}/flat{++_others}", image));
        return LayerShape.Vector(shape.Count);
    }

    private NetworkPart? Part(IReadOnlyList<Layer> layers, int place, LayerShape input, out LayerShape output)
    {
        output = input;
        switch (layers[place])
        {
            case Layer.DenseOf dense:
                output = LayerShape.Vector(dense.Units);
                return new DenseLayer($"{name}/dense{++_dense}", checked((int)input.Count!), dense.Units, Activation.Linear, generator,
                    Absorbed(layers, place));
            case Layer.ActivationOf activation:
                return activation.Activation == Activation.Linear ? null
                    : new ActivationPart($"{name}/activation{++_others}", activation.Activation);
            case Layer.NormalizationOf { Normalization: Normalization.Layer }:
                return new NormalizationLayer($"{name}/norm{++_others}/normalization", Normalization.Layer, checked((int)input.Count!),
                    generator.device);
            case Layer.DropoutOf dropout:
                return dropout.Share == 0 ? null : new DropoutPart($"{name}/dropout{++_others}", dropout.Share);
            case Layer.ResidualOf residual:
                string path = $"{name}/residual{++_others}";
                List<NetworkPart> inner = [];
                int joined = 0;
                output = Add(inner, residual.Layers, input, conditionSize: 0, ref joined);
                return new ResidualPart(path, new LayerStack("layers", inner, joinAt: -1, output));
            case Layer.ImageOf image:
                // A masked encoder gets beside each channel one that tells what is visible of it.
                var shape = image.Shape with { Channels = checked((int)(input.Count! / image.Shape.Places)) };
                output = LayerShape.Of(shape);
                return new ImagePart($"{name}/images{++_others}", shape);
            case Layer.ConvolutionOf convolution:
                var layer = new ConvolutionLayer($"{name}/convolution{++_convolutions}", input.Image!.Value, convolution.Filters,
                    ConvolutionKernel.Square(convolution.KernelSize), Activation.Linear, Absorbed(layers, place), generator);
                output = LayerShape.Of(layer.Output);
                return layer;
            case Layer.MaxPoolingOf pooling:
                output = LayerShape.Of(input.Image!.Value.Pooled(pooling.Factor));
                return pooling.Factor == 1 ? null : new PoolingPart($"{name}/pooling{++_others}", input.Image.Value, pooling.Factor);
            case Layer.UpsamplingOf upsampling:
                var small = input.Image!.Value;
                var large = small with { Height = small.Height * upsampling.Factor, Width = small.Width * upsampling.Factor };
                output = LayerShape.Of(large);
                return upsampling.Factor == 1 ? null : new UpsamplingPart($"{name}/upsampling{++_others}", large, upsampling.Factor);
            default:
                return null;
        }
    }

    /// <summary>The normalization that a layer takes over from the one after it.</summary>
    private static Normalization Absorbed(IReadOnlyList<Layer> layers, int place) =>
        place + 1 < layers.Count && layers[place + 1] is Layer.NormalizationOf { Normalization: Normalization.Batch }
            ? Normalization.Batch : Normalization.None;
}
