using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Training;

/// <summary>What a model says of rows whose labels are known.</summary>
internal sealed class Evaluation
{
    private static readonly double[] s_levels = [0.1, 0.05, 0.01];

    private readonly List<LabeledScore> _rows = [];
    private readonly List<float> _normalPValues = [];

    // Of series all labeled rows, those before the first whole window too, by their keys.
    private readonly Dictionary<string, List<LabeledScore>> _series = new(StringComparer.Ordinal);

    /// <summary>Rows without a label or without a score, which do not count.</summary>
    public long LeftOut { get; private set; }

    public IReadOnlyList<float> Scores => [.. _rows.Select(row => row.Score)];

    public IReadOnlyList<bool> IsAnomaly => [.. _rows.Select(row => row.IsAnomaly)];

    /// <summary>Scores a file and keeps scores and labels.</summary>
    /// <exception cref="InputException">There is no label of one of the two kinds.</exception>
    public static Evaluation Of(LoadedModel model, ScoringRun run, TableFile file, string label, Labels labels, CancellationToken stop) =>
        ProgressDisplay.Show(progress =>
        {
            var evaluation = new Evaluation();
            bool hasPValue = model.ColumnOf(GraphNames.PValue) is not null;
            string[] values = model.Series?.Description.KeyColumn is { } key ? [label, key] : [label];
            var view = run.Open(file.Read(), values, keepsLines: false, progress, stop);
            var seen = new HashSet<string>(StringComparer.Ordinal);
            string[] outputs = [GraphNames.Score, GraphNames.IsAnomaly, .. hasPValue ? new[] { GraphNames.PValue } : []];
            run.ForEach(view, outputs, (row, waiting) =>
            {
                var scored = new LabeledScore { Score = row.Score, PredictedLabel = row.IsAnomaly };
                var known = labels.IsAnomaly(waiting.Value(0));
                scored.Label = known == true ? 1 : 0;
                if (model.Series is not null && known is not null)
                    evaluation.AddStep(values.Length > 1 ? waiting.Value(1).ToString() : "", scored);
                if (known is not { } isAnomaly || float.IsNaN(scored.Score))
                {
                    evaluation.LeftOut++;
                    return;
                }
                if (seen.Count < 10)
                    seen.Add(TableReader.Shown(waiting.Value(0)));
                evaluation._rows.Add(scored);
                if (hasPValue && !isAnomaly)
                    evaluation._normalPValues.Add(row.PValue);
            });
            int anomalies = evaluation._rows.Count(row => row.IsAnomaly);
            if (anomalies == 0 || anomalies == evaluation._rows.Count)
                throw new InputException(
                    $"'{file.Name}', column '{label}' has {anomalies} anomalies among {evaluation._rows.Count} labeled rows; expected " +
                    $"normal rows and anomalies. It has {string.Join(", ", seen.Select(text => $"'{text}'"))}; " +
                    "--normal says which of them mean normal.");
            return evaluation;
        });

    /// <summary>The measures; the area under the ROC curve comes from ML.NET's evaluator.</summary>
    public Measures Measure(MLContext context)
    {
        var metrics = context.AnomalyDetection.Evaluate(context.Data.LoadFromEnumerable(_rows), nameof(LabeledScore.Label));
        return new Measures
        {
            Rows = _rows.Count,
            Anomalies = _rows.Count(row => row.IsAnomaly),
            AreaUnderRocCurve = metrics.AreaUnderRocCurve,
            AveragePrecision = TimeSeriesMetrics.AveragePrecision([.. Scores], [.. IsAnomaly]),
            Found = _rows.Count(row => row.IsAnomaly && row.PredictedLabel),
            Missed = _rows.Count(row => row.IsAnomaly && !row.PredictedLabel),
            FalseAlarms = _rows.Count(row => !row.IsAnomaly && row.PredictedLabel),
            Calibration = _normalPValues.Count == 0 ? []
                : [.. s_levels.Select(level => (level, _normalPValues.Count(p => p <= level) / (double)_normalPValues.Count))],
            Series = _series.Count == 0 ? null : SeriesMeasures.Of(_series.Values.Select(steps => (
                steps.ConvertAll(step => step.Score).ToArray(), steps.ConvertAll(step => step.IsAnomaly).ToArray(),
                steps.ConvertAll(step => step.PredictedLabel).ToArray()))),
        };
    }

    private void AddStep(string key, LabeledScore step)
    {
        if (!_series.TryGetValue(key, out var steps))
            _series.Add(key, steps = []);
        steps.Add(step);
    }

    private sealed class LabeledScore
    {
        public float Label { get; set; }

        public bool IsAnomaly => Label > 0;

        public float Score { get; init; }

        public bool PredictedLabel { get; init; }
    }
}

/// <summary>How well anomalies are told from normal rows.</summary>
internal sealed record Measures
{
    public required long Rows { get; init; }

    public required long Anomalies { get; init; }

    public required double AreaUnderRocCurve { get; init; }

    public required double AveragePrecision { get; init; }

    public required long Found { get; init; }

    public required long Missed { get; init; }

    public required long FalseAlarms { get; init; }

    /// <summary>Levels, and the share of the normal rows whose p-value is at most the level.</summary>
    public required IReadOnlyList<(double Level, double Share)> Calibration { get; init; }

    /// <summary>What series have besides; null where the rows are none.</summary>
    public SeriesMeasures? Series { get; init; }

    public double Precision => Found + FalseAlarms == 0 ? 0 : (double)Found / (Found + FalseAlarms);

    public double Recall => (double)Found / Anomalies;

    public double F1 => 2.0 * Found / (2 * Found + FalseAlarms + Missed);

    public IEnumerable<string> Lines()
    {
        yield return FormattableString.Invariant($"{Rows:N0} labeled rows, {Anomalies:N0} of them anomalies.");
        yield return FormattableString.Invariant($"  ROC AUC            {AreaUnderRocCurve:F4}");
        yield return FormattableString.Invariant($"  average precision  {AveragePrecision:F4}");
        yield return FormattableString.Invariant(
            $"  at the threshold   precision {Precision:F4}, recall {Recall:F4}, F1 {F1:F4} ")
            + FormattableString.Invariant($"({Found:N0} found, {Missed:N0} missed, {FalseAlarms:N0} false alarms)");
        if (Calibration.Count > 0)
            yield return "  p-values           " + string.Join(", ", Calibration.Select(pair =>
                FormattableString.Invariant($"{pair.Share:P2} of normal rows at most {pair.Level}")));
        foreach (string line in Series?.Lines() ?? [])
            yield return line;
    }

    public JsonObject Document() => new()
    {
        ["rows"] = Rows,
        ["anomalies"] = Anomalies,
        ["areaUnderRocCurve"] = Json.Number(AreaUnderRocCurve),
        ["averagePrecision"] = Json.Number(AveragePrecision),
        ["precision"] = Json.Number(Precision),
        ["recall"] = Json.Number(Recall),
        ["f1"] = Json.Number(F1),
        ["found"] = Found,
        ["missed"] = Missed,
        ["falseAlarms"] = FalseAlarms,
        ["pValues"] = Json.Array(Calibration, pair =>
            new JsonObject { ["level"] = pair.Level, ["shareOfNormalRows"] = Json.Number(pair.Share) }),
        ["series"] = Series?.Document(),
    };
}
