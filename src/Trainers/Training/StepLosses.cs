using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// The losses of an epoch's steps, by term. They stay in libtorch for some steps: reading one each step would wait for
/// the device.
/// </summary>
internal sealed class StepLosses(int terms) : IDisposable
{
    private const int MostPending = 64;

    private readonly double[] _sums = new double[terms];
    private readonly List<(Tensor Values, long Step, long Rows)> _pending = [];
    private long _step = -1, _rowsOfStep;
    private double _rows;

    /// <summary>The first step, from 0, whose loss is known to be no number, or −1.</summary>
    public long Broken { get; private set; } = -1;

    /// <summary>Starts a step.</summary>
    public void Next(long rows)
    {
        _step++;
        _rowsOfStep = rows;
    }

    /// <summary>Notes the terms of the present step.</summary>
    public void Add(IReadOnlyList<Tensor> values)
    {
        using (no_grad())
            _pending.Add((stack(values.Select(value => value.detach().reshape(1))).DetachFromDisposeScope(), _step, _rowsOfStep));
        if (_pending.Count == MostPending)
            Read();
    }

    /// <summary>Notes the one term of the present step.</summary>
    public void Add(double value) => Add([value], _step, _rowsOfStep);

    /// <summary>The mean of each term over the rows of the steps so far.</summary>
    public double[] Means()
    {
        Read();
        return Array.ConvertAll(_sums, sum => sum / Math.Max(1, _rows));
    }

    public void Dispose()
    {
        foreach (var (values, _, _) in _pending)
            values.Dispose();
        _pending.Clear();
    }

    private void Read()
    {
        Span<double> losses = stackalloc double[terms];
        foreach (var (tensor, step, rows) in _pending)
        {
            using var values = tensor.cpu();
            var span = MemoryMarshal.Cast<byte, float>(values.bytes);
            for (int term = 0; term < terms; term++)
                losses[term] = span[term];
            Add(losses, step, rows);
        }
        Dispose();
    }

    private void Add(ReadOnlySpan<double> losses, long step, long rows)
    {
        double loss = 0;
        for (int term = 0; term < terms; term++)
        {
            _sums[term] += losses[term] * rows;
            loss += losses[term];
        }
        _rows += rows;
        if (Broken < 0 && !double.IsFinite(loss))
            Broken = step;
    }
}
