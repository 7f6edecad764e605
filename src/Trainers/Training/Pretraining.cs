using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Greedy layer-wise pretraining of a dense network, in place.</summary>
internal static class Pretraining
{
    public static void Run(AutoencoderNetwork network, AutoencoderEstimator.Options options, TrainingSet set, TrainingLoop loop,
        Generator generator)
    {
        DenseLayer[] encoder = [.. ((DenseStack)network.Trunk).Layers, network.CodeLayer.Units];
        var decoder = ((DenseStack)network.Decoder).Layers;
        for (int i = 0; i < encoder.Length; i++)
        {
            var (down, up) = (encoder[i], decoder[^(i + 1)]);
            var loss = i == 0 ? options.Loss : ReconstructionLoss.MeanSquared;
            var before = encoder[..i];
            using var codes = i == 0 ? null : set.Through(
                rows => before.Aggregate(rows, (inputs, layer) => layer.Forward(inputs, null, new Pass(IsTraining: false, generator))));
            var layerSet = codes ?? set;
            TorchSharp.Modules.Parameter[] parameters = [.. down.parameters(), .. up.parameters()];
            using var step = new AutogradStep(parameters, (batch, _, pass) =>
            {
                var input = options.Corruption?.Apply(batch.Rows, layerSet, generator) ?? batch.Rows;
                return [Objective.Mean(ReconstructionErrors.Of(
                    loss, batch.Rows, up.Activate(down.Forward(input, null, pass), pass)), batch)];
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
        }
    }
}
