using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>An array with a name and a shape, as a graph takes or gives it.</summary>
/// <param name="Name">The name of the input or output.</param>
/// <param name="Values">Row by row: <c>float[]</c>, <c>double[]</c>, <c>int[]</c>, <c>long[]</c>, <c>bool[]</c> or <c>string[]</c>.</param>
/// <param name="Shape">The length of each axis.</param>
internal sealed record NamedArray(string Name, Array Values, params int[] Shape);

/// <summary>What a file is given in one run, and what it must give back.</summary>
internal sealed record ExpectedRun(IReadOnlyList<NamedArray> Inputs, IReadOnlyList<NamedArray> Outputs);

/// <summary>A file that goes to other runtimes: any ONNX file, with what it must compute.</summary>
/// <param name="Name">What messages call it.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Runs">Runs of it.</param>
internal sealed record ExportedFile(string Name, byte[] Bytes, IReadOnlyList<ExpectedRun> Runs)
{
    /// <summary>The largest difference allowed, relative to the larger of 1 and the expected value's magnitude.</summary>
    public double Tolerance { get; init; } = 1e-5;

    /// <summary>
    /// What a scorer's file says of itself, where two of its outputs are to be judged by the score that the runtime
    /// itself gave: a decision may differ where the score is as near to the threshold as the tolerance, and a
    /// probability is that of the runtime's score, since it may rise by much more than the score does. Null where all
    /// outputs are compared as they are.
    /// </summary>
    public AutoencoderMetadata? Metadata { get; init; }
}
