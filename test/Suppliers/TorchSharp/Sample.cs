using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>Inputs that float32 holds exactly, and that PyTorch was given too.</summary>
internal static class Sample
{
    /// <summary>Element i is (i factor mod modulus - modulus / 2) / 4, the halving rounded down.</summary>
    public static Tensor Steps(long[] shape, int factor = 7, int modulus = 11) => Make(shape, i => (((i * factor) % modulus) - (modulus / 2)) / 4f);

    /// <summary>The inputs' gradients where element i of the output has the gradient (5 i mod 7 + 1) / 4: never zero, and not its neighbour's.</summary>
    public static IList<Tensor> Gradients(Tensor output, params Tensor[] inputs) =>
        autograd.grad([output], [.. inputs], [Make(output.shape, i => (((i * 5) % 7) + 1) / 4f)], retain_graph: true);

    private static Tensor Make(long[] shape, Func<int, float> element)
    {
        float[] values = new float[shape.Aggregate(1L, (product, length) => product * length)];
        for (int i = 0; i < values.Length; i++)
            values[i] = element(i);
        return tensor(values, shape);
    }
}
