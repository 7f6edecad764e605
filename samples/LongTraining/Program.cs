// A training that may be ended at any moment and goes on where it was. It writes a checkpoint after each epoch, shows
// how far it is, ends at Ctrl+C with the best weights so far, and started again with
// the same folder it goes on from the checkpoint, also after it was killed: the model is then, byte for byte, that of a
// training that was never ended.
//   LongTraining FOLDER [EPOCHS]
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder;
using MLNetAutoencoder.Samples;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is not ([_] or [_, _]))
{
    Console.Error.WriteLine("usage: LongTraining FOLDER [EPOCHS]");
    return 2;
}
string folder = args[0];
int epochs = args.Length == 2 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 500;

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    cancellation.Cancel();
};

var ml = new MLContext(seed: 1);
var digits = DataSets.Digits(ml);
using var model = TrainingBar.Show(progress => ml.Autoencoders().Denoising(new AutoencoderEstimator.Options
{
    FeatureColumnName = digits.Features[0],
    Network = new DenseNetworkOptions { Hidden = [256, 128] },
    Corruption = new MaskingCorruption(0.25),
    Scaling = InputScaling.None,
    Epochs = epochs,
    ValidationShare = 0.1,
    EarlyStopping = new EarlyStopping(Patience: 50),
    Seed = 1,
    Progress = progress,
    Cancellation = cancellation.Token,
    WhenCanceled = WhenCanceled.KeepBest,
    Checkpoint = new CheckpointOptions { Folder = folder, Continue = true },
}).Fit(digits.Train));

model.ExportOnnx(Path.Combine(folder, "encoder.onnx"), Path.Combine(folder, "decoder.onnx"), Path.Combine(folder, "scorer.onnx"));
var best = model.History.MinBy(epoch => epoch.ValidationLoss);
Console.WriteLine(
    $"{(cancellation.IsCancellationRequested ? "Canceled" : "Ended")} after {model.History.Count} of {epochs} epochs; least validation " +
    $"loss {best?.ValidationLoss:G6} after epoch {best?.Epoch}.");
return 0;
