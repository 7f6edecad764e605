using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A layer of a network that is put together by hand, in <see cref="LayersNetworkOptions"/>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(DenseOf), "dense")]
[JsonDerivedType(typeof(ActivationOf), "activation")]
[JsonDerivedType(typeof(NormalizationOf), "normalization")]
[JsonDerivedType(typeof(DropoutOf), "dropout")]
[JsonDerivedType(typeof(ResidualOf), "residual")]
[JsonDerivedType(typeof(ImageOf), "image")]
[JsonDerivedType(typeof(ConvolutionOf), "convolution")]
[JsonDerivedType(typeof(MaxPoolingOf), "max_pooling")]
[JsonDerivedType(typeof(UpsamplingOf), "upsampling")]
public abstract record Layer
{
    private protected Layer()
    {
    }

    /// <summary>A fully connected layer: h Wᵀ + b. An image before it is taken as the vector of its values.</summary>
    /// <param name="units">The number of units, at least 1.</param>
    public static Layer Dense(int units) => new DenseOf(units);

    /// <summary>A function of each value by itself.</summary>
    /// <param name="activation">The function.</param>
    public static Layer Activate(Activation activation) => new ActivationOf(activation);

    /// <summary>
    /// A normalization with a scale and a shift that are trained: of a vector over its units
    /// (<see cref="Normalization.Layer"/>), or over the batch (<see cref="Normalization.Batch"/>) right after
    /// <see cref="Dense"/> or <see cref="Convolution"/>, which takes it over once it is trained.
    /// </summary>
    /// <param name="normalization">Over what.</param>
    public static Layer Normalize(Normalization normalization) => new NormalizationOf(normalization);

    /// <summary>Leaves values out at random in each step of the training (Srivastava et al. 2014).</summary>
    /// <param name="share">The share of the values, in [0, 1).</param>
    public static Layer Dropout(double share) => new DropoutOf(share);

    /// <summary>
    /// x + f(x), with f some layers that keep the shape of what they take (He, Zhang, Ren and Sun 2016).
    /// </summary>
    /// <param name="layers">The layers of f, at least one.</param>
    public static Layer Residual(params Layer[] layers) => new ResidualOf(ValueList.Of(layers));

    /// <summary>
    /// Takes a vector as an image, channel after channel (<see cref="ImageLayout.Planar"/>); its length must be the product of the three.
    /// </summary>
    /// <param name="channels">The channels.</param>
    /// <param name="height">The height in pixels.</param>
    /// <param name="width">The width in pixels.</param>
    public static Layer Image(int channels, int height, int width) => new ImageOf(channels, height, width);

    /// <summary>A convolution of an image; borders of zeros keep its size.</summary>
    /// <param name="filters">The number of filters, each of which gives a channel.</param>
    /// <param name="kernelSize">The side of each filter in pixels, an odd number.</param>
    public static Layer Convolution(int filters, int kernelSize = ConvolutionalNetworkOptions.DefaultKernelSize) =>
        new ConvolutionOf(filters, kernelSize);

    /// <summary>The largest value of each window of an image; sides that the factor does not divide are rounded up.</summary>
    /// <param name="factor">The side of a window, by which the image shrinks.</param>
    public static Layer MaxPooling(int factor = 2) => new MaxPoolingOf(factor);

    /// <summary>Repeats each pixel of an image.</summary>
    /// <param name="factor">By how much the sides grow.</param>
    public static Layer Upsample(int factor = 2) => new UpsamplingOf(factor);

    /// <summary>Checks the layer's own numbers.</summary>
    /// <param name="path">What it is called in messages.</param>
    internal abstract void Validate(string path);

    internal sealed record DenseOf(int Units) : Layer
    {
        internal override void Validate(string path) => Require.AtLeast(Units, 1, $"{path}.{nameof(Units)}");
    }

    internal sealed record ActivationOf(Activation Activation) : Layer
    {
        internal override void Validate(string path) => Require.Defined(Activation, $"{path}.{nameof(Activation)}");
    }

    internal sealed record NormalizationOf(Normalization Normalization) : Layer
    {
        internal override void Validate(string path)
        {
            Require.Defined(Normalization, $"{path}.{nameof(Normalization)}");
            Require.InRange(Normalization != Normalization.None, Normalization, $"{path}.{nameof(Normalization)}",
                $"{Normalization.Batch} or {Normalization.Layer}");
        }
    }

    internal sealed record DropoutOf(double Share) : Layer
    {
        internal override void Validate(string path) => Require.Share(Share, $"{path}.{nameof(Share)}");
    }

    internal sealed record ResidualOf(IReadOnlyList<Layer> Layers) : Layer
    {
        internal override void Validate(string path)
        {
            Require.NotNull(Layers, $"{path}.{nameof(Layers)}");
            Require.AtLeast(Layers.Count, 1, $"{path}.{nameof(Layers)}.{nameof(Layers.Count)}");
        }
    }

    internal sealed record ImageOf(int Channels, int Height, int Width) : Layer
    {
        [JsonIgnore]
        public ImageShape Shape => new(Channels, Height, Width);

        internal override void Validate(string path)
        {
            Require.AtLeast(Channels, 1, $"{path}.{nameof(Channels)}");
            Require.AtLeast(Height, 1, $"{path}.{nameof(Height)}");
            Require.AtLeast(Width, 1, $"{path}.{nameof(Width)}");
        }
    }

    internal sealed record ConvolutionOf(int Filters, int KernelSize) : Layer
    {
        internal override void Validate(string path)
        {
            Require.AtLeast(Filters, 1, $"{path}.{nameof(Filters)}");
            Require.Odd(KernelSize, $"{path}.{nameof(KernelSize)}");
        }
    }

    internal sealed record MaxPoolingOf(int Factor) : Layer
    {
        internal override void Validate(string path) => Require.AtLeast(Factor, 1, $"{path}.{nameof(Factor)}");
    }

    internal sealed record UpsamplingOf(int Factor) : Layer
    {
        internal override void Validate(string path) => Require.AtLeast(Factor, 1, $"{path}.{nameof(Factor)}");
    }
}
