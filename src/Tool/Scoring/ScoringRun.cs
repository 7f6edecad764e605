using System.Text.Json.Nodes;
using Microsoft.ML;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Scoring;

/// <summary>One of several parts of a file: every so many rows one.</summary>
/// <param name="Number">Which part, from 1.</param>
/// <param name="Count">How many parts there are.</param>
internal readonly record struct Shard(int Number, int Count);

/// <summary>How rows go through a model.</summary>
internal sealed record ScoringRequest
{
    /// <summary>The file that is written; null for standard output.</summary>
    public string? OutputPath { get; init; }

    /// <summary>What the names of new columns begin with.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Whether the columns of the file are left out.</summary>
    public bool OnlyNew { get; init; }

    public Shard? Shard { get; init; }

    public bool SkipsBad { get; init; }

    /// <summary>The column with the labels and the labels, where only normal rows are taken.</summary>
    public (int Column, Labels Labels)? OnlyNormal { get; init; }

    /// <summary>The column with the labels that becomes one of flags, and the labels.</summary>
    public (string Column, Labels Labels)? Flagged { get; init; }

    /// <summary>How many rows are read at most.</summary>
    public long Most { get; init; } = long.MaxValue;
}

/// <summary>Reads a table, lets each row go through a model and writes what comes of it, as a stream.</summary>
internal sealed class ScoringRun(LoadedModel model, TableFile file, ScoringRequest request)
{
    public long Rows { get; private set; }

    public long SkippedRows { get; private set; }

    /// <summary>Columns of the file that the training file did not have.</summary>
    public IReadOnlyList<string> ExtraColumns { get; private set; } = [];

    /// <summary>Opens the view of the rows that the model reads.</summary>
    /// <param name="values">Columns of the file whose texts are wanted.</param>
    /// <param name="keepsLines">Whether the text of whole rows is wanted.</param>
    /// <param name="reader">The reader that the view begins with.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="stop">Ends the reading.</param>
    /// <exception cref="InputException">A column is missing.</exception>
    public TableView Open(TableReader reader, IEnumerable<string> values, bool keepsLines,
        ProgressDisplay progress, CancellationToken stop)
    {
        string[] names = [.. reader.Columns.Select(column => column.Name)];
        var known = names.ToHashSet(StringComparer.Ordinal);
        string[] missing = [.. model.InputSchema.Select(column => column.Name).Concat(values).Distinct().Where(name =>
            !known.Contains(name))];
        if (missing.Length > 0)
            throw new InputException(
                $"'{reader.FileName}' has no column {List(missing)}, which the model reads; it has {List(names)}.");
        var read = (model.Notes?.Columns.Select(column => column.Name) ?? model.InputSchema.Select(column => column.Name))
            .ToHashSet(StringComparer.Ordinal);
        ExtraColumns = [.. names.Where(name => !read.Contains(name))];
        return new TableView(file, reader, model.InputSchema, new RowSelection
        {
            Every = request.Shard?.Count ?? 1,
            First = (request.Shard?.Number ?? 1) - 1,
            SkipsBad = request.SkipsBad,
            Most = request.Most,
            OnlyNormal = request.OnlyNormal,
            Flagged = request.Flagged,
        }, new PendingValues(keepsLines, [.. values.Select(name => Array.IndexOf(names, name))]), stop)
        {
            Progress = (rows, fraction) => progress.Rows("Scoring", rows, fraction),
        };
    }

    /// <summary>Goes through the rows of a view.</summary>
    public void ForEach(TableView view, IEnumerable<string> outputs, Action<ScoredRow, PendingRow> action)
    {
        var scored = model.Transform(view);
        var texts = scored.Schema[view.PendingColumn];
        using var cursor = scored.GetRowCursor(outputs.Select(output => scored.Schema[NameOf(output)]).Append(texts));
        var getter = cursor.GetGetter<PendingRow>(texts);
        PendingRow pending = null!;
        var row = new ScoredRow(model, cursor);
        while (MoveNext(cursor))
        {
            getter(ref pending);
            action(row, pending);
            Rows++;
        }
        SkippedRows = view.SkippedRows;
    }

    /// <summary>Goes to the next row; rows of a series may stand in a wrong order.</summary>
    private bool MoveNext(DataViewRowCursor cursor)
    {
        try
        {
            return cursor.MoveNext();
        }
        catch (InvalidOperationException e) when (model.Series is not null)
        {
            InputException.ThrowInner(e);
            throw new InputException($"'{file.Name}' cannot be scored: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Takes over how many rows there were, where others have read the view.</summary>
    public void Count(TableView view) => (Rows, SkippedRows) = (view.Rows, view.SkippedRows);

    /// <summary>Writes the whole table.</summary>
    /// <param name="shape">What is written for each row.</param>
    /// <param name="options">How the file is read, and so how the new one is written.</param>
    /// <param name="stop">Ends the work; nothing is left behind.</param>
    public void Write(RowShape shape, TableOptions options, CancellationToken stop) => ProgressDisplay.Show(progress =>
    {
        var reader = file.Read();
        bool keepsInput = shape.KeepsInput && !request.OnlyNew;
        string[] added = [.. (request.Shard is null || !shape.KeepsInput ? shape.Columns : ["row", .. shape.Columns])
            .Select(name => request.Prefix + name)];
        string[] kept = keepsInput
            ? [.. reader.Columns.Where(column => column.Content != ColumnContent.Unreadable).Select(column => column.Name)]
            : [];
        if (kept.Intersect(added).FirstOrDefault() is { } twice)
            throw new UsageException(
                $"'{reader.FileName}' has a column '{twice}' already. Give the new columns other names by --prefix, such as 'model_'.");
        var view = Open(reader, shape.Values, keepsInput, progress, stop);
        using var writer = new TableWriter(request.OutputPath, reader.Separator, options.HasDecimalComma);
        if (options.HasHeader)
        {
            foreach (string name in kept.Concat(added))
                writer.Text(name);
            writer.EndRow();
        }
        ForEach(view, shape.Outputs, (row, waiting) => shape.Write(row, waiting, Start, writer));
        writer.Complete();
        return true;

        void Start(PendingRow row)
        {
            if (keepsInput)
                writer.Raw(row.Line);
            if (request.Shard is not null)
                writer.Number(row.Row);
        }
    });

    /// <summary>Says what was strange about the rows.</summary>
    public void SayRemarks()
    {
        if (ExtraColumns.Count > 0)
            Output.Warn($"The model does not know the column{(ExtraColumns.Count == 1 ? "" : "s")} {List(ExtraColumns)}.");
        if (SkippedRows > 0)
            Output.Warn(FormattableString.Invariant($"{SkippedRows:N0} rows could not be read and were left out."));
    }

    /// <summary>What <c>--json</c> prints of any such run.</summary>
    public JsonObject Document() => new()
    {
        ["model"] = model.Path,
        ["data"] = file.Name,
        ["output"] = request.OutputPath,
        ["rows"] = Rows,
        ["skippedRows"] = SkippedRows,
        ["extraColumns"] = Json.Array(ExtraColumns, name => name),
    };

    private string NameOf(string output) => model.ColumnOf(output)
        ?? throw new InputException($"'{model.Path}' has no column for '{output}'; expected a model of 'mlnet-autoencoder train'.");

    private static string List(IReadOnlyCollection<string> names)
    {
        const int most = 10;
        return string.Join(", ", names.Take(most).Select(name => $"'{TableReader.Shown(name)}'"))
            + (names.Count > most ? FormattableString.Invariant($" and {names.Count - most} more") : "");
    }
}
