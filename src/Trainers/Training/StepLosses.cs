using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The losses of an epoch's steps, by term. They stay in libtorch until they are asked for: reading one each step would wait for the device.</summary>
internal sealed class StepLosses(int terms, int steps) : IDisposable
{
    private readonly double[,] _values = new double[steps, terms];
    private readonly Tensor?[] _tensors = new Tensor?[steps];
    private readonly long[] _rows = new long[steps];
    private int _step = -1;

    /// <summary>Starts a step.</summary>
    public void Next(long rows) => _rows[++_step] = rows;

    /// <summary>Notes the terms of the present step.</summary>
    public void Add(IReadOnlyList<Tensor> values)
    {
        using var none = no_grad();
        _tensors[_step] = stack(values.Select(value => value.detach().reshape(1))).DetachFromDisposeScope();
    }

    /// <summary>Notes the one term of the present step.</summary>
    public void Add(double value) => _values[_step, 0] = value;

    /// <summary>The mean of each term over the rows of the steps so far, and the first step whose loss is no number, or −1.</summary>
    public (double[] Means, int Broken) SoFar()
    {
        double[] sums = new double[terms];
        double rows = 0;
        int broken = -1;
        for (int step = 0; step <= _step; step++)
        {
            if (_tensors[step] is { } tensor)
            {
                using var values = tensor.cpu();
                var span = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(values.bytes);
                for (int term = 0; term < terms; term++)
                    _values[step, term] = span[term];
                tensor.Dispose();
                _tensors[step] = null;
            }
            double loss = 0;
            for (int term = 0; term < terms; term++)
            {
                sums[term] += _values[step, term] * _rows[step];
                loss += _values[step, term];
            }
            rows += _rows[step];
            if (broken < 0 && !double.IsFinite(loss))
                broken = step;
        }
        return (Array.ConvertAll(sums, sum => sum / Math.Max(1, rows)), broken);
    }

    public void Dispose()
    {
        foreach (var tensor in _tensors)
            tensor?.Dispose();
    }
}
