using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Hosting;

/// <summary>How far the latest scores of a model have moved from those of its training.</summary>
/// <remarks>
/// The population stability index over the tenths of the training scores, Σ (aᵢ − 1/10) ln(10 aᵢ), with aᵢ the share of the latest
/// scores in a tenth (Siddiqi 2006). Half a row is added to each tenth, so that an empty one is no infinity.
/// </remarks>
internal sealed class ScoreDrift(int window)
{
    private const int Bins = 10, LeastScores = 100;

    private readonly object _lock = new();
    private readonly Queue<int> _latest = new(window);
    private readonly int[] _counts = new int[Bins];
    private float[] _edges = [];

    /// <summary>The index; null with fewer than 100 scores, or where the model knows no training scores.</summary>
    public double? Value
    {
        get
        {
            lock (_lock)
            {
                if (_latest.Count < LeastScores)
                    return null;
                return _counts.Sum(count =>
                {
                    double share = (count + 0.5) / (_latest.Count + 0.5 * Bins);
                    return (share - 1.0 / Bins) * Math.Log(share * Bins);
                });
            }
        }
    }

    /// <summary>Begins anew with a model.</summary>
    public void Reset(AutoencoderMetadata metadata)
    {
        lock (_lock)
        {
            _latest.Clear();
            Array.Clear(_counts);
            var quantiles = metadata.ScoreQuantiles;
            _edges = quantiles.Count == 0 ? []
                : [.. Enumerable.Range(1, Bins - 1).Select(i => quantiles[(int)Math.Round(i * (quantiles.Count - 1) / (double)Bins)])];
        }
    }

    public void Add(ReadOnlySpan<RowScore> scores)
    {
        lock (_lock)
        {
            if (_edges.Length == 0)
                return;
            foreach (var score in scores)
            {
                int place = Array.BinarySearch(_edges, score.Score), bin = place >= 0 ? place + 1 : ~place;
                if (_latest.Count == window)
                    _counts[_latest.Dequeue()]--;
                _latest.Enqueue(bin);
                _counts[bin]++;
            }
        }
    }
}
