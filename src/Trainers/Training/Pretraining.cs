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
            TorchSharp.Modules.Parameter[] parameters = [.. down.Parameters, .. up.Parameters];
            using var step = new AutogradStep(parameters, (batch, _, pass) =>
            {
                var input = options.Corruption?.Apply(batch.Rows, layerSet, generator) ?? batch.Rows;
                var errors = ReconstructionErrors.Of(loss, batch.Rows, up.Activate(down.Forward(input, null, pass), pass));
                return [batch.Weights is { } weights ? (errors.mean([1]) * weights).mean() : errors.mean()];
            });
            loop.Run(new TrainingTask
            {
                Stage = $"Layer {i + 1} of {encoder.Length}, epoch",
                Parameters = parameters,
                Terms = ["reconstruction"],
                Step = step,
                Rows = layerSet,
                Epochs = options.Pretraining!.Epochs,
            }, generator);
            if (i < encoder.Length - 1)
                inputs = inputs.WithRows(Encode(down, inputs, new Pass(IsTraining: false, generator)));
        }
    }

    private static Tensor Encode(DenseLayer layer, TrainingSet set, Pass pass)
    {
        using var none = no_grad();
        var codes = zeros((int)set.Count, layer.Outputs);
        long start = 0;
        foreach (var batch in set.InOrder(BatchSize))
        {
            long length = batch.Rows.shape[0];
            codes.narrow(0, start, length).copy_(layer.Forward(batch.Rows, null, pass));
            start += length;
        }
        return codes;
    }
}
