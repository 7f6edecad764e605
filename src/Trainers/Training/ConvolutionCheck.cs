using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A way in which a fit runs its convolutions.</summary>
/// <param name="Batch">The images at a time: which kernels libtorch takes, and whether they are right, depends on it.</param>
/// <param name="Derivatives">How often it differentiates: 0 to validate, 1 to train, 2 for a penalty on the Jacobian.</param>
internal readonly record struct ConvolutionRun(long Batch, int Derivatives);

/// <summary>Whether a convolution of Singles is right: held to double precision, for which libtorch does not use oneDNN.</summary>
/// <remarks>
/// The Singles run at the size that the fit will run, at the cost of a step. In double precision that would take long. So the batch repeats
/// a few images: they are computed once, result and gradient are theirs for each repetition, and the gradient of the weights sums theirs,
/// each as often as it occurs.
/// </remarks>
internal static class ConvolutionCheck
{
    // Not a power of two, as the blocks of kernels are: an image that is taken for another one is not one of the same values.
    private const int MostImages = 3;

    // A sum of n Singles is off by some √n 2⁻²⁴ of its size (Higham 2002, section 2.8), which is 6e-5 for a million of them; what is wrong
    // loses whole addends.
    private const double Tolerance = 1e-3;

    private const ulong Seed = 1;

    private static readonly string[] s_names =
    [
        "the result", "the gradient with respect to the images", "the gradient with respect to the weights",
        "the gradient with respect to the biases",
        "the second gradient with respect to the result", "the second gradient with respect to the weights",
    ];

    /// <summary>What is wrong, or null. On the calling thread, with its number of libtorch's threads.</summary>
    public static string? FindFault(ImageLayer layer, ConvolutionRun run)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(Seed, CPU);
        using var gradients = enable_grad(run.Derivatives > 0);
        long count = Math.Min(run.Batch, MostImages);
        Tensor Images(ImageShape shape) => Draw([count, shape.Channels, shape.Height, shape.Width], generator);
        Tensor weight = Draw(layer.WeightShape, generator), bias = Draw([layer.Output.Channels], generator);
        var data = new Data(Images(layer.Input), weight, bias, Images(layer.Output));
        var which = tensor([.. Enumerable.Range(0, (int)run.Batch).Select(i => i % count)], dtype: ScalarType.Int64, device: CPU);
        var repeated = data with { Images = data.Images.index_select(0, which), Slopes = data.Slopes.index_select(0, which) };
        var times = which.bincount(null, count).to(ScalarType.Float64).reshape(-1, 1, 1, 1);

        var expected = Run(layer, data.To(ScalarType.Float64), run.Derivatives, times);
        var actual = Run(layer, repeated, run.Derivatives, times: null);
        for (int i = 0; i < actual.Length; i++)
        {
            var right = expected[i].to(ScalarType.Float32);
            if (IsOfImages(i))
                right = right.index_select(0, which);
            using var difference = (actual[i] - right).abs().max();

            // What is no number is wrong.
            if (!(difference.item<float>() <= Tolerance * right.abs().max().item<float>()))
                return s_names[i];
        }
        return null;
    }

    private static bool IsOfImages(int value) => value is 0 or 1 or 4;

    private static Tensor Draw(long[] shape, Generator generator) =>
        rand(shape, dtype: ScalarType.Float32, device: CPU, generator: generator).Times(2).Minus(1);

    /// <summary>The values in the order of their names.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="data">What it is run with.</param>
    /// <param name="derivatives">How often it is differentiated.</param>
    /// <param name="times">How often each image occurs; null for once.</param>
    private static Tensor[] Run(ImageLayer layer, Data data, int derivatives, Tensor? times)
    {
        bool differentiates = derivatives > 0;
        Tensor Input(Tensor values) => values.requires_grad_(differentiates);
        Tensor images = Input(data.Images), weight = Input(data.Weight), bias = Input(data.Bias);
        var result = layer.Convolve(images, weight, bias);
        if (derivatives == 0)
            return [result];
        Tensor Times(Tensor values) => times is null ? values : values * times;
        Tensor Once(Tensor values) => times is null ? values : values / times;
        var first = autograd.grad([result], [images, weight, bias], [Times(data.Slopes)], retain_graph: true);
        Tensor[] values = [result.detach(), Once(first[0]), first[1], first[2]];
        if (derivatives == 1)
            return values;

        // The squared length of the gradient, differentiated: what a penalty on the Jacobian does.
        var slopes = data.Slopes.requires_grad_(true);
        var gradient = autograd.grad([result], [images], [slopes], retain_graph: true, create_graph: true)[0];
        var second = autograd.grad([Times(gradient.Squared()).sum()], [slopes, weight]);
        return [.. values, Once(second[0]), second[1]];
    }

    /// <param name="Images">[b, c, h, w].</param>
    /// <param name="Weight">The filters.</param>
    /// <param name="Bias">[m].</param>
    /// <param name="Slopes">The gradient with respect to the result, [b, m, h', w'].</param>
    private sealed record Data(Tensor Images, Tensor Weight, Tensor Bias, Tensor Slopes)
    {
        public Data To(ScalarType type) => new(Images.to(type), Weight.to(type), Bias.to(type), Slopes.to(type));
    }
}
