using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Scoring;

/// <summary>What a command writes for each row.</summary>
internal abstract class RowShape(LoadedModel model)
{
    protected LoadedModel Model => model;

    /// <summary>Whether the columns come after those of the file; otherwise they stand alone.</summary>
    public virtual bool KeepsInput => true;

    /// <summary>The names of the columns.</summary>
    public abstract IReadOnlyList<string> Columns { get; }

    /// <summary>The outputs of the graph that they are made of.</summary>
    public abstract IReadOnlyList<string> Outputs { get; }

    /// <summary>The columns of the file whose texts are wanted.</summary>
    public virtual IReadOnlyList<string> Values => [];

    /// <summary>Writes a row, or several, or none.</summary>
    /// <param name="row">What the model says of it.</param>
    /// <param name="pending">The row in the file.</param>
    /// <param name="start">Writes what comes before the columns, at the start of each line.</param>
    /// <param name="writer">Where it goes.</param>
    public abstract void Write(ScoredRow row, PendingRow pending, Action<PendingRow> start, TableWriter writer);

    /// <summary>The outputs for score, decision and, where the model has it, p-value.</summary>
    protected IReadOnlyList<string> Decision => model.ColumnOf(GraphNames.PValue) is null ? [GraphNames.Score, GraphNames.IsAnomaly]
        : [GraphNames.Score, GraphNames.PValue, GraphNames.IsAnomaly];
}

/// <summary>Score, p-value and decision, and the columns behind them.</summary>
internal sealed class ScoreShape(LoadedModel model, int explained) : RowShape(model)
{
    private readonly bool _hasPValue = model.ColumnOf(GraphNames.PValue) is not null;
    private readonly Explanation? _explanation = explained == 0 ? null : new Explanation(model, explained);

    /// <summary>How many rows were called anomalies.</summary>
    public long Anomalies { get; private set; }

    public override IReadOnlyList<string> Columns =>
        [.. _hasPValue ? new[] { "score", "p_value", "anomaly" } : ["score", "anomaly"],
        .. Enumerable.Range(1, _explanation?.Count ?? 0)
            .SelectMany(i => new[] { $"feature_{i}", $"value_{i}", $"expected_{i}", $"share_{i}" })];

    public override IReadOnlyList<string> Outputs =>
        _explanation is null ? Decision : [.. Decision, GraphNames.FeatureErrors, GraphNames.Reconstruction];

    public override IReadOnlyList<string> Values => _explanation?.Values ?? [];

    public override void Write(ScoredRow row, PendingRow pending, Action<PendingRow> start, TableWriter writer)
    {
        start(pending);
        writer.Number(row.Score);
        if (_hasPValue)
            writer.Number(row.PValue);
        bool isAnomaly = row.IsAnomaly;
        writer.Flag(isAnomaly);
        Anomalies += isAnomaly ? 1 : 0;
        if (_explanation is not null)
        {
            _explanation.Find(row);
            for (int i = 0; i < _explanation.Count; i++)
                _explanation.Write(i, pending, writer);
        }
        writer.EndRow();
    }
}

/// <summary>A line for each of the columns that stand behind a row's score.</summary>
internal sealed class ExplainShape(LoadedModel model, int explained, Func<long, bool>? isWanted) : RowShape(model)
{
    private readonly bool _hasPValue = model.ColumnOf(GraphNames.PValue) is not null;
    private readonly Explanation _explanation = new(model, explained);

    public override bool KeepsInput => false;

    public override IReadOnlyList<string> Columns =>
        ["row", "score", .. _hasPValue ? new[] { "p_value" } : [], "anomaly", "feature", "value", "expected", "share"];

    public override IReadOnlyList<string> Outputs => [.. Decision, GraphNames.FeatureErrors, GraphNames.Reconstruction];

    public override IReadOnlyList<string> Values => _explanation.Values;

    public override void Write(ScoredRow row, PendingRow pending, Action<PendingRow> start, TableWriter writer)
    {
        bool isAnomaly = row.IsAnomaly;
        if (!(isWanted?.Invoke(pending.Row) ?? isAnomaly))
            return;
        _explanation.Find(row);
        for (int i = 0; i < _explanation.Count; i++)
        {
            writer.Number(pending.Row);
            writer.Number(row.Score);
            if (_hasPValue)
                writer.Number(row.PValue);
            writer.Flag(isAnomaly);
            _explanation.Write(i, pending, writer);
            writer.EndRow();
        }
    }
}

/// <summary>The code.</summary>
internal sealed class EncodeShape(LoadedModel model) : RowShape(model)
{
    public override IReadOnlyList<string> Columns =>
        [.. Enumerable.Range(1, Model.Autoencoder.Metadata.CodeSize).Select(i => FormattableString.Invariant($"code_{i}"))];

    public override IReadOnlyList<string> Outputs => [GraphNames.Code];

    public override void Write(ScoredRow row, PendingRow pending, Action<PendingRow> start, TableWriter writer)
    {
        start(pending);
        foreach (float value in row.Code)
            writer.Number(value);
        writer.EndRow();
    }
}

/// <summary>What the model expects in the place of each value that it reads.</summary>
internal sealed class ReconstructShape(LoadedModel model) : RowShape(model)
{
    public override IReadOnlyList<string> Columns => [.. Model.Slots.Select(slots => "expected_" + slots.Name)];

    public override IReadOnlyList<string> Outputs => [GraphNames.Reconstruction];

    public override void Write(ScoredRow row, PendingRow pending, Action<PendingRow> start, TableWriter writer)
    {
        start(pending);
        var reconstruction = row.Reconstruction;
        foreach (var slots in Model.Slots)
            slots.WriteValue(reconstruction, writer);
        writer.EndRow();
    }
}
