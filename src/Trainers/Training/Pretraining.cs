using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Greedy layer-wise pretraining of a dense network, in place.</summary>
internal static class Pretraining
{
    // What is encoded at a time on the way to the next layer.
    private const int BatchSize = 1024;

    public static void Run(AutoencoderNetwork network, AutoencoderEstimator.Options options, TrainingSet set, TrainingLoop loop, Generator generator)
    {
        DenseLayer[] encoder = [.. ((DenseStack)network.Trunk).Layers, network.CodeLayer.Units];
        var decoder = ((DenseStack)network.Decoder).Layers;
        var inputs = set;
        for (int i = 0; i < encoder.Length; i++)
        {
            var (down, up) = (encoder[i], decoder[^(i + 1)]);
            var loss = i == 0 ? options.Loss : ReconstructionLoss.MeanSquared;
            var layerSet = inputs;
            loop.Run(down.Parameters.Concat(up.Parameters), (batch, _, pass) =>
            {
                var input = options.Corruption?.Apply(batch.Rows, layerSet, generator) ?? batch.Rows;
                var errors = ReconstructionErrors.Of(loss, batch.Rows, up.Activate(down.Forward(input, null, pass), pass));
                return [batch.Weights is { } weights ? (errors.mean([1]) * weights).mean() : errors.mean()];
            }, layerSet, options.Pretraining!.Epochs, $"Layer {i + 1} of {encoder.Length}, epoch", generator);
            if (i < encoder.Length - 1)
                inputs = inputs.WithRows(Encode(down, inputs.Rows, new Pass(IsTraining: false, generator)));
        }
    }

    private static Tensor Encode(DenseLayer layer, Tensor rows, Pass pass)
    {
        using var none = no_grad();
        var codes = zeros((int)rows.shape[0], layer.Outputs);
        for (long start = 0; start < rows.shape[0]; start += BatchSize)
        {
            using var scope = NewDisposeScope();
            long length = Math.Min(BatchSize, rows.shape[0] - start);
            codes.narrow(0, start, length).copy_(layer.Forward(rows.narrow(0, start, length), null, pass));
        }
        return codes;
    }
}
