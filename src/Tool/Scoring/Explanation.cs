using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Scoring;

/// <summary>The columns with the largest shares of a row's score. The features of a category count together.</summary>
internal sealed class Explanation
{
    private readonly LoadedModel _model;
    private readonly float[] _errors;
    private readonly int[] _top;
    private double _sum;
    private bool _isEmpty;
    private float[] _reconstruction = [];

    public Explanation(LoadedModel model, int count)
    {
        _model = model;
        _errors = new float[model.Slots.Count];
        _top = new int[Math.Min(count, _errors.Length)];
    }

    public int Count => _top.Length;

    /// <summary>The columns whose texts in the file are shown.</summary>
    public IReadOnlyList<string> Values => [.. _model.Slots.Where(slots => slots.Column is not null).Select(slots => slots.Name)];

    /// <summary>Adds up the errors of each column's features.</summary>
    public static void Sum(IReadOnlyList<ColumnSlots> columns, ReadOnlySpan<float> errors, Span<float> sums)
    {
        for (int i = 0; i < columns.Count; i++)
        {
            float sum = 0;
            foreach (float error in errors.Slice(columns[i].Start, columns[i].Count))
                sum += error;
            sums[i] = sum;
        }
    }

    /// <summary>Finds the columns for a row.</summary>
    public void Find(ScoredRow row)
    {
        Sum(_model.Slots, row.Errors, _errors);
        TopFeatures.Find(_errors, _top);
        _sum = TopFeatures.Sum(_errors);
        _reconstruction = row.Reconstruction.ToArray();

        // Before its first whole window a series is not scored, and has nothing to explain.
        _isEmpty = _model.Series is not null && float.IsNaN(row.Score);
    }

    /// <summary>Writes name, value, expected value and share of one of the columns that were found.</summary>
    public void Write(int place, PendingRow pending, TableWriter writer)
    {
        for (int i = 0; _isEmpty && i < 4; i++)
            writer.Text([]);
        if (_isEmpty)
            return;
        var slots = _model.Slots[_top[place]];
        writer.Text(slots.Name);
        writer.Text(slots.Column is null ? [] : pending.Value(_top[place]));
        slots.WriteValue(_reconstruction, writer);
        writer.Number(TopFeatures.Share(_errors[_top[place]], _sum));
    }
}
