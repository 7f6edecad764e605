using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Training rows as batches of tensors: scaled, in some order, on some device.</summary>
internal sealed class TrainingSet : IDisposable
{
    private const int EncodedAtATime = 1024;

    private readonly TrainingData _data;
    private readonly FeatureScaling _scaling;
    private readonly Device _device;
    private readonly bool _masks;
    private readonly Func<Tensor, Tensor>? _encode;
    private readonly Dictionary<int, BatchBuffer> _buffers = [];
    private readonly Lazy<(Tensor Least, Tensor Most)> _extremes;
    private RowBuffer? _window;

    /// <param name="rows">The rows.</param>
    /// <param name="scaling">Their scaling.</param>
    /// <param name="device">Where the batches go.</param>
    /// <param name="masks">Whether missing values do not count; otherwise they are taken for the mean.</param>
    public TrainingSet(TrainingData rows, FeatureScaling scaling, Device device, bool masks = false)
        : this(rows, scaling, device, masks, encode: null)
    {
    }

    private TrainingSet(TrainingData rows, FeatureScaling scaling, Device device, bool masks, Func<Tensor, Tensor>? encode)
    {
        (_data, _scaling, _device, _masks, _encode) = (rows, scaling, device, masks, encode);
        _extremes = new Lazy<(Tensor Least, Tensor Most)>(encode is null ? ScaledExtremes : EncodedExtremes);
    }

    public long Count => _data.Count;

    /// <summary>The number of features.</summary>
    public int FeatureCount => _data.Layout.Features;

    /// <summary>Whether there are features that do not count.</summary>
    public bool IsMasked => _masks && _data.HasMissing;

    /// <summary>How many rows are shuffled at a time: all, or, of streamed ones, as many as the budget holds.</summary>
    public long WindowFor(int batchSize) => _data.IsStreamed
        ? Math.Min(Count, Math.Max(batchSize, _data.Budget / _data.Layout.ByteCount)) : Count;

    /// <summary>The least scaled value of each feature, [d].</summary>
    public Tensor Least => _extremes.Value.Least;

    /// <summary>The largest scaled value of each feature, [d].</summary>
    public Tensor Most => _extremes.Value.Most;

    /// <summary>The same rows as a layer makes them, such as their codes.</summary>
    /// <param name="encode">Makes them of rows of this set, [b, d] to [b, k].</param>
    public TrainingSet Through(Func<Tensor, Tensor> encode) =>
        new(_data, _scaling, _device, _masks, _encode is { } before ? rows => encode(before(rows)) : encode);

    /// <summary>The batches of an epoch, in an order that is drawn anew. A batch is good until the next one.</summary>
    public IEnumerable<TrainingBatch> Shuffled(int batchSize, Generator generator) =>
        _data.IsStreamed ? ShuffledInWindow(batchSize, generator) : Permuted(batchSize, generator);

    /// <summary>All rows in their order, some at a time. A batch is good until the next one.</summary>
    public IEnumerable<TrainingBatch> InOrder(int batchSize)
    {
        using var pass = _data.Open();
        for (long start = 0; start < Count; start += batchSize)
        {
            using var scope = NewDisposeScope();
            yield return Finish(Next(pass, (int)Math.Min(batchSize, Count - start)));
        }

        // Beyond the last row: some sources are closed only by their own end.
        pass.MoveNext();
    }

    public void Dispose()
    {
        foreach (var buffer in _buffers.Values)
            buffer.Dispose();
        if (_extremes.IsValueCreated)
        {
            Least.Dispose();
            Most.Dispose();
        }
        _window?.Dispose();
    }

    private IEnumerable<TrainingBatch> Permuted(int batchSize, Generator generator)
    {
        using var drawn = randperm(Count, dtype: ScalarType.Int64, device: generator.device, generator: generator);
        using var order = drawn.cpu();
        for (long start = 0; start < Count; start += batchSize)
        {
            using var scope = NewDisposeScope();
            yield return Finish(Gather(order, start, (int)Math.Min(batchSize, Count - start)));
        }
    }

    private IEnumerable<TrainingBatch> ShuffledInWindow(int batchSize, Generator generator)
    {
        int seed;
        using (var drawn = rand([1], dtype: ScalarType.Float64, device: generator.device, generator: generator))
            seed = (int)(drawn.cpu().item<double>() * int.MaxValue);
        long size = WindowFor(batchSize);
        using var pass = _data.Open();
        var window = new ShuffleWindow(pass, _window ??= new RowBuffer(_data.Layout.Width, size), size, seed);
        for (long start = 0; start < Count; start += batchSize)
        {
            using var scope = NewDisposeScope();
            int count = (int)Math.Min(batchSize, Count - start);
            window.Draw(Buffer(count).Open(), count);
            yield return Finish(Buffer(count).Batch);
        }
    }

    private BatchBuffer Buffer(int count)
    {
        if (!_buffers.TryGetValue(count, out var buffer))
            _buffers.Add(count, buffer = new BatchBuffer(_data, _scaling, count, _masks));
        return buffer;
    }

    private TrainingBatch Next(RowPass pass, int count)
    {
        var buffer = Buffer(count);
        Write(pass, buffer, count);
        return buffer.Batch;
    }

    private TrainingBatch Gather(Tensor order, long start, int count)
    {
        var buffer = Buffer(count);
        var writer = buffer.Open();
        var places = MemoryMarshal.Cast<byte, long>(order.narrow(0, start, count).bytes);
        for (int i = 0; i < count; i++)
            writer.Put(i, _data[places[i]]);
        return buffer.Batch;
    }

    private static void Write(RowPass pass, BatchBuffer buffer, int count)
    {
        var writer = buffer.Open();
        for (int i = 0; i < count && pass.MoveNext(); i++)
            writer.Put(i, pass.Record);
    }

    /// <summary>Takes a batch to the device, and through the layers before.</summary>
    private TrainingBatch Finish(TrainingBatch batch)
    {
        if (_device.type != DeviceType.CPU)
        {
            Tensor? Move(Tensor? tensor) => tensor?.to(_device);
            batch = new TrainingBatch(Move(batch.Rows)!, Move(batch.Condition), Move(batch.Offset), Move(batch.Weights), Move(batch.Labels),
                Move(batch.Known));
        }
        if (_encode is null)
            return batch;
        using var none = no_grad();
        return batch with { Rows = _encode(batch.Rows), Known = null };
    }

    private (Tensor Least, Tensor Most) ScaledExtremes()
    {
        Tensor Scaled(float[] raw)
        {
            float[] scaled = new float[raw.Length];
            _scaling.Scale(raw, scaled);
            return tensor(scaled, dtype: ScalarType.Float32, device: _device).DetachFromDisposeScope();
        }
        return (Scaled(_scaling.Least), Scaled(_scaling.Most));
    }

    private (Tensor Least, Tensor Most) EncodedExtremes()
    {
        using var none = no_grad();
        Tensor? least = null, most = null;
        foreach (var batch in InOrder(EncodedAtATime))
        {
            Tensor low = batch.Rows.amin(0), high = batch.Rows.amax(0);
            (least, most) = (Keep(least is null ? low : minimum(least, low), least), Keep(most is null ? high : maximum(most, high), most));
        }
        return (least!, most!);

        static Tensor Keep(Tensor tensor, Tensor? before)
        {
            before?.Dispose();
            return tensor.DetachFromDisposeScope();
        }
    }
}
