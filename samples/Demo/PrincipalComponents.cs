using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Samples;

/// <summary>
/// Principal component analysis by the singular value decomposition: the linear peer of an autoencoder with as many
/// code units.
/// </summary>
internal static class PrincipalComponents
{
    /// <summary>
    /// The mean squared reconstruction error of each test row, after projection on the leading components of the
    /// training rows.
    /// </summary>
    /// <param name="train">Scaled training rows.</param>
    /// <param name="test">Scaled test rows.</param>
    /// <param name="components">How many components are kept.</param>
    public static float[] ReconstructionErrors(float[][] train, float[][] test, int components)
    {
        using var scope = NewDisposeScope();
        var trainRows = tensor([.. train.SelectMany(row => row)], [train.Length, train[0].Length]);
        var testRows = tensor([.. test.SelectMany(row => row)], [test.Length, test[0].Length]);
        var mean = trainRows.mean([0], keepdim: true);
        var (_, _, directions) = linalg.svd(trainRows - mean, fullMatrices: false);
        var leading = directions.narrow(0, 0, components);
        var centered = testRows - mean;
        var residual = centered - centered.matmul(leading.transpose(0, 1)).matmul(leading);
        var errors = residual.square().mean([1]).contiguous();
        return MemoryMarshal.Cast<byte, float>(errors.bytes).ToArray();
    }
}
