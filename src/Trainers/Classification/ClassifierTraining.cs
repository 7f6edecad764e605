using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>The fit of a classifier on the code of a stacked autoencoder. All rows stay the caller's.</summary>
internal sealed class ClassifierTraining : TrainingRun
{
    private readonly TrainingData _labeled;
    private readonly string[] _classes;
    private readonly StackedClassifierNetwork _network;

    public ClassifierTraining(AutoencoderEstimator.Options options, long seed, TrainingColumns columns, TrainingData rows,
        TrainingData labeled, string[] classes, torch.Device device, IChannel channel)
        : base(options, seed, columns, rows, device, channel)
    {
        (_labeled, _classes) = (labeled, classes);
        Warn();
        _network = Own(new StackedClassifierNetwork(
            options.Network.Create(rows.Layout.Features, 0, 0, options.Code, isMasked: false, Generator), classes.Length, Generator));
    }

    /// <summary>Pretrains on all rows, then trains on those with a label.</summary>
    /// <param name="inspect">Is shown the trained network, with its training set.</param>
    public IReadOnlyList<TrainingEpoch> Run(Action<StackedClassifierNetwork, TrainingSet>? inspect)
    {
        using var threads = UseThreads(_network.MultiplyAdds);
        using var set = Batches(Rows);
        using var labeled = Batches(_labeled);
        var loop = new TrainingLoop(Options, Channel);
        Pretrain(_network.Stack, set);
        TorchSharp.Modules.Parameter[] parameters = [.. _network.ClassifyingParameters];
        using var step = new AutogradStep(parameters, (batch, _, pass) => [_network.CrossEntropy(batch, pass)]);
        var history = loop.Run(
            new TrainingTask
            {
                Stage = "Epoch",
                Parameters = parameters,
                Terms = ["cross_entropy"],
                Step = step,
                Rows = labeled,
                Epochs = Options.Epochs,
            }, Generator);
        inspect?.Invoke(_network, set);
        return history;
    }

    /// <summary>The trained network as a classifier.</summary>
    public AutoencoderModel ToModel(TrainingOptions options, IReadOnlyList<TrainingEpoch> history) => _network.ToClassifier(
        Describe(options.Corruption is null ? "stacked classifier" : "stacked denoising classifier", options, LossKind.CrossEntropy,
            TrainingSummary.Of(history, ("rows", Rows.Count), ("labeled_rows", _labeled.Count), ("skipped_rows", Rows.Skipped))) with
        {
            Graph = "classifier",
            ClassNames = _classes,
            ClassType = ClassifierColumns.ClassType(Columns.Classes!.Value),
            ScoreKind = ScoreKind.ClassProbability,
            ScoreDirection = AutoencoderMetadata.HigherIsMoreProbable,
        });
}
