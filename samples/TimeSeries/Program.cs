// Anomalies of a time series. Trains on four weeks of a daily pattern, looks for events in the three weeks after them, and watches the
// rest as a stream, which is saved and restored in the middle as if the program had been started again.
//   dotnet run --project samples/TimeSeries -c Release
using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const int week = 7 * PowerStep.StepsOfDay;
PowerStep[] steps = PowerStep.Make(days: 63, seed: 1);
var ml = new MLContext(seed: 1);

using var model = ml.Autoencoders().TimeSeries(new TimeSeriesEstimator.Options
{
    FeatureColumnName = nameof(PowerStep.Power),
    TimeColumnName = nameof(PowerStep.Time),
    ExpectedColumnName = nameof(ScoredStep.Expected),
    Width = WindowWidth.Duration(TimeSpan.FromHours(6)),
    Threshold = ThresholdRule.FalseAlarmRate(0.001),
    Seed = 1,
}).Fit(ml.Data.LoadFromEnumerable(steps[..(4 * week)]));
Console.WriteLine($"Trained on windows of {model.Description.Width} steps.");

// Steps that lie there as a whole are best scored by all windows that cover them.
using var covering = model.WithCovering(true);
var scored = covering.Transform(ml.Data.LoadFromEnumerable(steps[(4 * week)..(7 * week)]));
List<ScoredStep> run = [];
foreach (var step in ml.Data.CreateEnumerable<ScoredStep>(scored, reuseRowObject: false).Append(new ScoredStep()))
{
    if (step.PredictedLabel)
    {
        run.Add(step);
        continue;
    }
    if (run.MaxBy(one => one.Score) is { } peak)
        Console.WriteLine($"event  {run[0].Time:yyyy-MM-dd HH:mm} to {run[^1].Time:MM-dd HH:mm}, score {peak.Score:F1}: " +
            $"{peak.Power:F0} kW at {peak.Time:MM-dd HH:mm}, {peak.Expected[0]:F0} expected");
    run.Clear();
}

// A stream scores each step by those before it. An alarm needs three anomalies in a row, and is made once in six hours.
var options = new StreamOptions { LeastLength = 3, QuietSteps = PowerStep.StepsOfDay / 4 };
string state = Path.GetTempFileName();
var stream = model.CreateStream(options);
for (int i = 7 * week; i < steps.Length; i++)
{
    var found = stream.Add(steps[i].Time, [steps[i].Power]);
    if (found.IsAlarm)
        Console.WriteLine($"alarm  {steps[i].Time:yyyy-MM-dd HH:mm}, score {found.Score:F1} above {found.Threshold:F1}: " +
            $"{steps[i].Power:F0} kW, {found.Expected[0]:F0} expected");
    if (i != 8 * week)
        continue;
    stream.Save(state);
    stream.Dispose();
    using var file = File.OpenRead(state);
    stream = model.RestoreStream(file, options);
    Console.WriteLine($"saved  {steps[i].Time:yyyy-MM-dd HH:mm}, {new FileInfo(state).Length} bytes, and restored");
}
stream.Dispose();
File.Delete(state);
