using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Predicts the rows of a block one by one with a <see cref="PredictionEngine{TSrc, TDst}"/>.</summary>
internal sealed class EngineLoop<TRow, TScore> : IDisposable
    where TRow : class
    where TScore : class, new()
{
    private readonly PredictionEngine<TRow, TScore> _engine;
    private readonly Func<TScore, float> _score;
    private readonly TRow[] _rows;
    private int _next;

    public EngineLoop(MLContext ml, ITransformer transformer, RowBlock block, Func<float[], TRow> row, Func<TScore, float> score)
    {
        _engine = ml.Model.CreatePredictionEngine<TRow, TScore>(transformer, new PredictionEngineOptions { OwnsTransformer = false });
        _score = score;
        _rows = [.. Enumerable.Range(0, block.Rows).Select(i => row(block.Slice(i, 1).ToArray()))];
    }

    /// <summary>Goes on by a number of rows, in the block and, at its end, again from its start; returns the sum of the scores.</summary>
    public double Read(long rows)
    {
        double sum = 0;
        for (long i = 0; i < rows; i++)
        {
            sum += _score(_engine.Predict(_rows[_next]));
            if (++_next == _rows.Length)
                _next = 0;
        }
        return sum;
    }

    public void Dispose() => _engine.Dispose();
}

/// <summary>A row of the large model.</summary>
internal sealed class LargeRow
{
    [VectorType(784)]
    public float[] Features { get; set; } = [];
}

/// <summary>A class with only the score.</summary>
internal sealed class ScoreOnly
{
    public float Score { get; set; }
}

/// <summary>A row of the large model, as the scorer file names it.</summary>
internal sealed class LargeGraphRow
{
    [VectorType(784), ColumnName("features")]
    public float[] Features { get; set; } = [];
}

/// <summary>A class with only the score, as the scorer file names it.</summary>
internal sealed class GraphScoreOnly
{
    [VectorType(1), ColumnName("score")]
    public float[] Score { get; set; } = [];
}
