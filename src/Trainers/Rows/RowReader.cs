using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Goes through a data view once and gives the rows that are trained on as records.</summary>
internal sealed class RowReader : IDisposable
{
    // Condition and code offset are not scaled; the squares of larger values, of which losses and gradients are made,
    // are more than a Single holds.
    private const float MostOfUnscaled = 1e18f;

    private readonly TrainingColumns _columns;
    private readonly TrainingMissingValues _missing;
    private readonly CancellationToken _cancellation;
    private readonly DataViewRowCursor _cursor;
    private readonly Part[] _parts;
    private readonly ColumnReader? _readWeight;
    private readonly Func<bool>? _isAnomaly;
    private readonly Range _featureRange;
    private readonly int _weightStart;

    public RowReader(IDataView view, TrainingColumns columns, TrainingMissingValues missing, CancellationToken cancellation)
    {
        (_columns, _missing, _cancellation) = (columns, missing, cancellation);
        var layout = columns.Layout;
        (_featureRange, _weightStart) = (layout.FeatureRange, layout.WeightStart);
        _cursor = view.GetRowCursor(columns.All);
        try
        {
            (DataViewSchema.Column? Column, Range Range)[] parts =
                [(columns.Features, layout.FeatureRange), (columns.Condition, layout.ConditionRange), (columns.Offset, layout.OffsetRange),
                    (columns.Classes, layout.ClassRange)];
            _parts = [.. parts.Where(part => part.Column is not null)
                .Select(part => new Part(part.Column!.Value, part.Range, Reader(part.Column.Value)))];
            _readWeight = columns.Weights is { } weights ? Reader(weights) : null;
            _isAnomaly = columns.AnomalyLabel is { } label ? label.CreateReader(_cursor, OtherLabels) : null;
        }
        catch
        {
            _cursor.Dispose();
            throw;
        }
    }

    /// <summary>The rows that were left out for a missing value.</summary>
    public long Skipped { get; private set; }

    /// <summary>The rows that were left out for their weight of 0.</summary>
    public long WithoutWeight { get; private set; }

    /// <summary>The rows that were left out as known anomalies.</summary>
    public long Anomalies { get; private set; }

    /// <summary>Of a label column of text, the first values that do not mean anomaly.</summary>
    public List<string> OtherLabels { get; } = [];

    /// <summary>The rows whose condition is a missing key.</summary>
    public long WithoutKey { get; private set; }

    /// <summary>Reads the next row that is trained on.</summary>
    /// <param name="record">Where it goes. With <see cref="TrainingMissingValues.Mean"/> and
    /// <see cref="TrainingMissingValues.Masked"/>, missing values stand in it as they are.</param>
    /// <param name="isComplete">Whether none of its values is missing.</param>
    /// <returns>Whether there was one.</returns>
    public bool Read(Span<float> record, out bool isComplete)
    {
        isComplete = true;
        while (_cursor.MoveNext())
        {
            if (_cancellation.IsCancellationRequested)
                throw new OperationCanceledException(
                    $"The training was canceled while its rows were read, at row {_cursor.Position} (counted from 0).", _cancellation);

            // A row that is known to be an anomaly, or weighs nothing, is not there, whatever else it has.
            if (_isAnomaly is not null && _isAnomaly())
            {
                Anomalies++;
                continue;
            }
            string? hole = _readWeight is null ? null : ReadWeight(record.Slice(_weightStart, 1));
            if (hole is null && _readWeight is not null && record[_weightStart] == 0)
            {
                WithoutWeight++;
                continue;
            }
            hole ??= ReadParts(record);
            isComplete = hole is null;
            if (hole is null || Keeps(record, hole))
                return true;
            Skipped++;
        }
        return false;
    }

    /// <summary>Tells, after the last row, what was left out.</summary>
    /// <exception cref="InvalidOperationException">No row is left to train on.</exception>
    public void Report(long count, IChannel channel)
    {
        string[] all = [.. _columns.All.Where(column => column.Name != _columns.AnomalyLabel?.Column.Name)
            .Select(column => $"'{column.Name}'")];
        string names = all.Length == 1 ? $"the column {all[0]}" : $"one of the columns {string.Join(", ", all)}";
        if (count == 0)
            throw new InvalidOperationException(NothingLeft(names));
        if (Skipped > 0)
        {
            string why = _missing == TrainingMissingValues.Skip ? $"a missing value in {names}"
                : $"no value in the column '{_columns.Features.Name}'";
            channel.Warning(MessageSensitivity.None,
                $"{Skipped} of {count + Skipped + WithoutWeight + Anomalies} training rows were left out: they have {why}.");
        }
        _columns.AnomalyLabel?.Report(Anomalies, count, OtherLabels, channel);
        if (WithoutKey > 0)
            channel.Warning(MessageSensitivity.None,
                $"{WithoutKey} training rows have a missing key in the condition column '{_columns.Condition!.Value.Name}'; their " +
                "condition is the zero vector.");
    }

    public void Dispose() => _cursor.Dispose();

    private string NothingLeft(string names)
    {
        (long Count, string Reason)[] reasons =
        [
            (Anomalies, $"are anomalies by the column '{_columns.AnomalyLabel?.Column.Name}'"),
            (WithoutWeight, $"have the weight 0 in the column '{_columns.Weights?.Name}'"),
            (Skipped, $"have a missing value in {names}"),
        ];
        var found = reasons.Where(reason => reason.Count > 0).ToArray();
        long all = found.Sum(reason => reason.Count);
        return found switch
        {
            [] => $"The training data have no rows, so there is nothing that the column '{_columns.Features.Name}' could teach. Expected " +
                "at least one row.",
            [(var count, var reason)] => $"All {count} rows of the training data {reason}, so none is left to train on.",
            _ => $"Of the {all} rows of the training data, {string.Join(", ", found.Select(pair => $"{pair.Count} {pair.Reason}"))}, so " +
                "none is left to train on.",
        };
    }

    private ColumnReader Reader(DataViewSchema.Column column) =>
        ColumnReaders.Create(_cursor, column, () => WithoutKey += column.Name == _columns.Condition?.Name ? 1 : 0);

    private string? ReadWeight(Span<float> weight)
    {
        _readWeight!(weight, _cursor.Position);
        string name = _columns.Weights!.Value.Name;
        if (weight[0] < 0)
            throw new InvalidOperationException(FormattableString.Invariant(
                $"Row {_cursor.Position} (counted from 0) of the weight column '{name}' has {weight[0]}; expected 0 or more."));
        if (float.IsFinite(weight[0]))
            return null;
        if (_missing is TrainingMissingValues.Mean or TrainingMissingValues.Masked)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                $"Row {_cursor.Position} (counted from 0) of the weight column '{name}' has {weight[0]}, and " +
                $"Options.{nameof(AutoencoderEstimator.Options.MissingValues)} {_missing} is for features; give the row a weight, 0 to " +
                $"leave it out."));
        return FormattableString.Invariant($"the column '{name}' has {weight[0]}");
    }

    /// <summary>Says what the first missing value is, or null.</summary>
    private string? ReadParts(Span<float> record)
    {
        string? hole = null;
        foreach (var part in _parts)
        {
            var values = record[part.Range];
            part.Read(values, _cursor.Position);
            bool isScaled = part.Range.Equals(_featureRange);
            for (int j = 0; j < values.Length; j++)
            {
                if (!float.IsFinite(values[j]))
                    hole ??= FormattableString.Invariant($"the column '{part.Column.Name}' has {values[j]}")
                        + (isScaled ? $" in '{_columns.FeatureNames[j]}'" : "");
                else if (!isScaled && Math.Abs(values[j]) > MostOfUnscaled)
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"Row {_cursor.Position} (counted from 0) of the column '{part.Column.Name}' has {values[j]}, which enters the " +
                        $"network as it is; expected at most {MostOfUnscaled} either way. Scale the column before training."));
            }
            if (hole is not null && _missing is TrainingMissingValues.Refuse or TrainingMissingValues.Skip)
                break;
        }
        return hole;
    }

    /// <summary>What is done with a row that has a hole.</summary>
    private bool Keeps(ReadOnlySpan<float> record, string hole)
    {
        switch (_missing)
        {
            case TrainingMissingValues.Refuse:
                throw new InvalidOperationException(
                    $"Row {_cursor.Position} (counted from 0) of {hole}, and training refuses missing values. "
                    + "Remove such rows, replace the values (ReplaceMissingValues), or set " +
                        $"Options.{nameof(AutoencoderEstimator.Options.MissingValues)} to {TrainingMissingValues.Skip}, " +
                        $"{TrainingMissingValues.Mean} or {TrainingMissingValues.Masked}.");
            case TrainingMissingValues.Skip:
                return false;
            default:
                // A row of which nothing is known teaches nothing.
                foreach (float value in record[_featureRange])
                {
                    if (float.IsFinite(value))
                        return true;
                }
                return false;
        }
    }

    private sealed record Part(DataViewSchema.Column Column, Range Range, ColumnReader Read);
}
