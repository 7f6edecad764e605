// Trains a dense autoencoder and the anomaly detector on each of two real data sets inside an ML.NET pipeline, scores held-out rows under
// ONNX Runtime, compares with principal components and ML.NET's RandomizedPca, saves and exports the digits' autoencoder, and opens the
// saved file again: with this library, and in a process that does not have it.
//   Demo [OUTPUT_FOLDER]
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder;
using MLNetAutoencoder.Samples;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
string folder = args is [var path] ? path : Path.Combine("artifacts", "demo");
Directory.CreateDirectory(folder);

var ml = new MLContext(seed: 1);

var (breastCancer, _) = Run(DataSets.BreastCancer(ml), Experiment.BreastCancerOptions);
Explain(breastCancer[0]);
var (digits, detections) = Run(DataSets.Digits(ml), Experiment.DigitsOptions);
SaveAndOpenAgain(digits[0], DataSets.Digits(ml));

Console.WriteLine($"ratio demo.auc {digits.Average(outcome => outcome.Auc):F4}");
Console.WriteLine($"ratio demo.auc-over-pca {digits.Average(outcome => outcome.Auc - outcome.PcaAuc):F4}");
Console.WriteLine($"ratio demo.detector-auc {detections.Average(detection => detection.Auc):F4}");
Console.WriteLine($"ratio demo.error-vs-mean {digits.Average(outcome => outcome.ErrorVersusMean):F4}");
return;

(Outcome[] Outcomes, Detection[] Detections) Run(DataSet data, Func<int, AutoencoderEstimator.Options> options)
{
    Console.WriteLine();
    Console.WriteLine($"== {data.Name}");
    List<Outcome> outcomes = [];
    List<Detection> detections = [];
    foreach (int seed in Experiment.Seeds)
    {
        Console.WriteLine($"Training with seed {seed}");
        var outcome = TrainingBar.Show(bar =>
        {
            var chosen = options(seed);
            chosen.Progress = bar ?? new EpochLines();
            return Experiment.Run(ml, data, chosen);
        });
        var detection = TrainingBar.Show(bar => Experiment.Detect(ml, data, seed, bar));
        outcomes.Add(outcome);
        detections.Add(detection);
        Console.WriteLine(
            $"  Autoencoder: ROC AUC {outcome.Auc:F3} (PCA {outcome.PcaAuc:F3}, untrained {outcome.UntrainedAuc:F3}); error of held-out " +
            $"normal rows {outcome.ErrorVersusMean:F3} of the mean's");
        Console.WriteLine($"    at contamination {Experiment.Contamination}: {Found(outcome.Scored)}");
        Console.WriteLine($"  Anomaly detection: ROC AUC {detection.Auc:F3} (ML.NET's RandomizedPca {detection.RandomizedPcaAuc:F3})");
        Console.WriteLine($"    at a false-alarm rate of {Experiment.Contamination}: {Found(detection.Scored)}");
    }
    Console.WriteLine(
        $"Mean of {outcomes.Count} seeds: ROC AUC of anomaly detection {detections.Average(d => d.Auc):F3}, autoencoder " +
        $"{outcomes.Average(o => o.Auc):F3}, PCA {outcomes.Average(o => o.PcaAuc):F3}, RandomizedPca " +
        $"{detections.Average(d => d.RandomizedPcaAuc):F3}, untrained {outcomes.Average(o => o.UntrainedAuc):F3}; error over the mean's " +
        $"{outcomes.Average(o => o.ErrorVersusMean):F3}");
    return ([.. outcomes], [.. detections]);
}

static string Found(ScoredRow[] rows)
{
    var anomalies = rows.Where(row => row.Label > 0).ToArray();
    var normal = rows.Where(row => row.Label == 0).ToArray();
    return $"{anomalies.Count(row => row.PredictedLabel)} of {anomalies.Length} anomalies found, " +
        $"{normal.Count(row => row.PredictedLabel)} of {normal.Length} normal rows flagged";
}

static void Explain(Outcome outcome)
{
    Console.WriteLine("The five most anomalous rows, and the three features that made them so:");
    var names = outcome.Autoencoder.Metadata.FeatureNames;
    foreach (var (row, rank) in outcome.Scored.OrderByDescending(row => row.Score).Take(5).Select((row, i) => (row, i + 1)))
    {
        Console.WriteLine($"  {rank}. score {row.Score:F1} ({(row.Label > 0 ? "malignant" : "benign")})");
        foreach (int j in Enumerable.Range(0, names.Count).OrderByDescending(j => row.FeatureErrors[j]).Take(3))
            Console.WriteLine(
                $"       {names[j],-22} {row.Features[j],10:G4}   expected {row.Reconstruction[j],10:G4}   " +
                $"{row.FeatureErrors[j] / row.FeatureErrors.Sum():P0} of the error");
    }
}

void SaveAndOpenAgain(Outcome outcome, DataSet data)
{
    string model = Path.Combine(folder, "model.zip");
    ml.Model.Save(outcome.Model, data.Train.Schema, model);
    outcome.Autoencoder.ExportOnnx(Path.Combine(folder, "encoder.onnx"), Path.Combine(folder, "decoder.onnx"),
        Path.Combine(folder, "scorer.onnx"));
    Console.WriteLine();
    var files = Directory.GetFiles(folder).Order().Select(file => $"{Path.GetFileName(file)} ({new FileInfo(file).Length / 1024.0:F0} KB)");
    Console.WriteLine($"Saved to {folder}: {string.Join(", ", files)}");

    var again = ml.Autoencoders().Load(model, out _);
    var reloaded = ml.Data.CreateEnumerable<ScoredRow>(again.Transform(data.Test), reuseRowObject: false).Select(row => row.Score);
    Console.WriteLine(
        $"Opened with Autoencoders().Load: largest difference of {outcome.Scored.Length} scores {LargestDifference(outcome, reloaded):G3}");

    var stock = StockProcess.Score(model, data.Test);
    var added = stock.Where(column => !data.Features.Contains(column.Key)).Select(column => $"{column.Key} {column.Value.Type}");
    Console.WriteLine($"Opened with ml.Model.Load in a process without this library: {string.Join(", ", added)}");
    Console.WriteLine(
        $"  largest difference of {outcome.Scored.Length} scores " +
        $"{LargestDifference(outcome, stock["Score"].Values.Select(value => float.Parse(value))):G3}");
}

static double LargestDifference(Outcome outcome, IEnumerable<float> scores) =>
    outcome.Scored.Zip(scores, (row, score) => Math.Abs(row.Score - score) / Math.Max(1, Math.Abs(row.Score))).Max();
