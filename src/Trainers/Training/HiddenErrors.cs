using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What the errors of hidden features are on average, under each mask of a score.</summary>
internal static class HiddenErrors
{
    private const int BatchSize = 1024, MostBatches = 16;

    /// <summary>A mean error is at least this part of that of all features, so that none rules the score by being predicted well.</summary>
    private const double LeastShare = 1e-6;

    // Its inverse is still a Single.
    private const double LeastError = 1e-30;

    /// <summary>The masks of a score with the errors of some rows.</summary>
    /// <param name="network">The trained network.</param>
    /// <param name="masking">The options.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="rows">The rows; of many, some batches all over them are taken.</param>
    /// <param name="pass">How the network is run.</param>
    /// <param name="seed">The seed of the fit.</param>
    public static FeatureMasks Measure(AutoencoderNetwork network, Masking masking, ReconstructionLoss loss, TrainingSet rows, Pass pass,
        long seed)
    {
        using var scope = NewDisposeScope();
        using var none = no_grad();
        float[]? visible = null;
        Tensor? masks = null, sums = null, counts = null;
        long batches = (rows.Count + BatchSize - 1) / BatchSize, step = (batches + MostBatches - 1) / MostBatches, place = 0;
        foreach (var batch in rows.InOrder(BatchSize))
        {
            if (place++ % step != 0)
                continue;
            using var inner = NewDisposeScope();
            if (masks is null)
            {
                visible = masking.ScoreMasks((int)batch.Rows.shape[1], seed);
                masks = tensor(visible, [visible.Length / batch.Rows.shape[1], batch.Rows.shape[1]], dtype: ScalarType.Float32,
                    device: network.Device).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                sums = zeros_like(masks, dtype: ScalarType.Float64).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
                counts = zeros_like(sums).MoveToOuterDisposeScope().MoveToOuterDisposeScope();
            }
            for (long i = 0; i < masks.shape[0]; i++)
            {
                using var ofMask = NewDisposeScope();
                var hidden = (masking.ScoresVisible ? masks[i] : masks[i].Complement()).expand_as(batch.Rows);
                var seen = masks[i].expand_as(batch.Rows);
                if (batch.Known is { } known)
                    (hidden, seen) = (hidden * known, seen * known);
                var predicted = network.Forward(batch.Rows, batch.Condition, pass.Evaluating, seen);
                sums![i].Add((ReconstructionErrors.Of(loss, batch.Rows, predicted) * hidden).sum(0, type: ScalarType.Float64));
                counts![i].Add(hidden.sum(0, type: ScalarType.Float64));
            }
        }
        double[] Values(Tensor tensor) => MemoryMarshal.Cast<byte, double>(tensor.cpu().bytes).ToArray();
        double[] errors = Values(sums!), rowCounts = Values(counts!);
        int count = (int)masks!.shape[0];
        if (masking.Width > 0)
            PoolSteps(masking.Width, errors, rowCounts);
        double typical = errors.Sum() / Math.Max(1, rowCounts.Sum());
        float[] weights = new float[visible!.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            // A feature that no row has has no error of its own.
            double mean = rowCounts[i] == 0 ? typical : errors[i] / rowCounts[i];
            if (visible[i] == 0 || masking.ScoresVisible)
                weights[i] = (float)(1 / Math.Max(mean, Math.Max(LeastShare * typical, LeastError)));
        }
        return new FeatureMasks(count, visible, weights);
    }

    /// <summary>The steps of a channel have one mean error: windows begin anywhere, so that no step is unlike the others.</summary>
    private static void PoolSteps(int width, double[] errors, double[] counts)
    {
        for (int start = 0; start < errors.Length; start += width)
        {
            double error = errors.AsSpan(start, width).ToArray().Sum(), count = counts.AsSpan(start, width).ToArray().Sum();
            errors.AsSpan(start, width).Fill(error);
            counts.AsSpan(start, width).Fill(count);
        }
    }
}
