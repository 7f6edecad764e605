using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>Comparisons of tensors with numbers that PyTorch 1.13.1 printed.</summary>
internal static class Expect
{
    /// <summary>All elements, in their order, to a relative 2e-6: float32's rounding, and what vectorised functions differ by.</summary>
    public static void Close(float[] expected, Tensor actual, string what = "", double tolerance = 2e-6)
    {
        using Tensor contiguous = actual.detach().contiguous();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(contiguous.bytes);
        Assert.AreEqual(expected.Length, values.Length, $"{what}: number of elements");
        for (int i = 0; i < expected.Length; i++)
            Assert.AreEqual(expected[i], values[i], tolerance * Math.Max(1, Math.Abs(expected[i])), $"{what}: element {i}");
    }

    public static void Shape(long[] expected, Tensor actual) => CollectionAssert.AreEqual(expected, actual.shape);
}
