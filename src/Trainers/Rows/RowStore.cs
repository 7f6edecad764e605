using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace MLNetAutoencoder;

/// <summary>The rows of a data view: in a buffer, or, where they are more than the budget holds, still in the view.</summary>
internal sealed class RowStore(IDataView view, TrainingColumns columns, RowReading options)
{
    public delegate void RowAction(long row, ReadOnlySpan<float> record, bool isComplete);

    public TrainingColumns Columns => columns;

    public long Budget => options.Budget;

    /// <summary>The rows, or null where they did not fit.</summary>
    public RowBuffer? Buffer { get; private set; }

    public long Skipped { get; private set; }

    public long Anomalies { get; private set; }

    /// <summary>Starts to read the view again. A fit that keeps what it has when it is canceled still needs these rows.</summary>
    public RowReader Read() => new(view, columns, options.MissingValues,
        options.KeepsWhenCanceled ? CancellationToken.None : options.Cancellation);

    /// <summary>Reads the view for the first time, and keeps its rows while they fit.</summary>
    /// <param name="action">Sees each row.</param>
    /// <param name="channel">Is told what was left out.</param>
    /// <exception cref="InvalidOperationException">There is no row left to train on, or one that training refuses.</exception>
    public void ReadFirst(RowAction action, IChannel channel)
    {
        int rowBytes = columns.Layout.ByteCount;
        long expected = view.GetRowCount() ?? 0, count = 0;
        if (expected <= options.Budget / rowBytes)
            Buffer = new RowBuffer(columns.Layout.Width, expected);
        float[] record = new float[columns.Layout.Width];
        using var reader = new RowReader(view, columns, options.MissingValues, options.Cancellation);
        while (reader.Read(record, out bool isComplete))
        {
            if (Buffer is not null && count >= options.Budget / rowBytes)
            {
                Buffer.Dispose();
                Buffer = null;
            }
            Buffer?.Add(record);
            action(count++, record, isComplete);
        }
        Buffer?.Trim();
        (Skipped, Anomalies) = (reader.Skipped, reader.Anomalies);
        Report(reader, count, channel);
        if (Buffer is null)
            channel.Info(
                MessageSensitivity.None,
                $"The {count} training rows of {rowBytes} bytes do not fit Options.{nameof(AutoencoderEstimator.Options.MemoryBudget)} " +
                $"of {options.Budget} bytes: they are read from the view again in every epoch, and shuffled within a window.");
    }

    private void Report(RowReader reader, long count, IChannel channel)
    {
        string[] all = [.. columns.All.Where(column => column.Name != columns.AnomalyLabel?.Column.Name).Select(column => $"'{column.Name}'")];
        string names = all.Length == 1 ? $"the column {all[0]}" : $"one of the columns {string.Join(", ", all)}";
        if (count == 0)
            throw new InvalidOperationException(NothingLeft(reader, names));
        if (reader.Skipped > 0)
            channel.Warning(MessageSensitivity.None, $"{reader.Skipped} of {count + reader.Skipped + reader.WithoutWeight + reader.Anomalies} training rows were left out: they have {(options.MissingValues == TrainingMissingValues.Skip ? $"a missing value in {names}" : $"no value in the column '{columns.Features.Name}'")}.");
        columns.AnomalyLabel?.Report(reader.Anomalies, count, reader.OtherLabels, channel);
        if (reader.WithoutKey > 0)
            channel.Warning(MessageSensitivity.None,
                $"{reader.WithoutKey} training rows have a missing key in the condition column '{columns.Condition!.Value.Name}'; their " +
                "condition is the zero vector.");
    }

    private string NothingLeft(RowReader reader, string names)
    {
        (long Count, string Reason)[] reasons =
        [
            (reader.Anomalies, $"are anomalies by the column '{columns.AnomalyLabel?.Column.Name}'"),
            (reader.WithoutWeight, $"have the weight 0 in the column '{columns.Weights?.Name}'"),
            (reader.Skipped, $"have a missing value in {names}"),
        ];
        var found = reasons.Where(reason => reason.Count > 0).ToArray();
        long all = found.Sum(reason => reason.Count);
        return found switch
        {
            [] => $"The training data have no rows, so there is nothing that the column '{columns.Features.Name}' could teach. Expected " +
                "at least one row.",
            [(var count, var reason)] => $"All {count} rows of the training data {reason}, so none is left to train on.",
            _ => $"Of the {all} rows of the training data, {string.Join(", ", found.Select(pair => $"{pair.Count} {pair.Reason}"))}, so " +
                "none is left to train on.",
        };
    }
}
