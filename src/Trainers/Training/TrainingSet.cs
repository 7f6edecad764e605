using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The training rows as the network sees them, in tensors.</summary>
internal sealed class TrainingSet
{
    /// <param name="rows">The rows as they were read.</param>
    /// <param name="scaled">Their features, scaled, row after row.</param>
    public TrainingSet(TrainingRows rows, float[] scaled)
    {
        int d = rows.FeatureCount;
        Rows = tensor(scaled, [rows.Count, d]);
        Least = Rows.amin(0);
        Most = Rows.amax(0);
        Condition = Side(rows.Condition, rows.Count, rows.ConditionSize);
        Offset = Side(rows.Offset, rows.Count, rows.OffsetSize);
        Labels = Side(rows.Labels, rows.Count, rows.ClassCount);
        if (rows.Weights is { } weights)
        {
            double mean = weights.Take(rows.Count).Average(weight => (double)weight);
            Weights = tensor(weights.Take(rows.Count).Select(weight => (float)(weight / mean)).ToArray());
        }
    }

    private TrainingSet(TrainingSet other, Tensor rows)
    {
        (Rows, Condition, Offset, Weights, Labels) = (rows, other.Condition, other.Offset, other.Weights, other.Labels);
        Least = rows.amin(0);
        Most = rows.amax(0);
    }

    private TrainingSet(TrainingSet other, TrainingBatch rows)
    {
        (Rows, Condition, Offset, Weights, Labels) = (rows.Rows, rows.Condition, rows.Offset, rows.Weights, rows.Labels);
        (Least, Most) = (other.Least, other.Most);
    }

    public long Count => Rows.shape[0];

    /// <summary>[n, d].</summary>
    public Tensor Rows { get; }

    /// <summary>[n, c], or null.</summary>
    public Tensor? Condition { get; }

    /// <summary>[n, m], or null.</summary>
    public Tensor? Offset { get; }

    /// <summary>The rows' weights, [n], brought to a mean of 1; or null.</summary>
    public Tensor? Weights { get; }

    /// <summary>The rows' classes, one-hot, [n, c], zeros for a row without a label; or null.</summary>
    public Tensor? Labels { get; }

    /// <summary>The least scaled value of each feature, [d].</summary>
    public Tensor Least { get; }

    /// <summary>The largest scaled value of each feature, [d].</summary>
    public Tensor Most { get; }

    /// <summary>The same set with other rows, such as their codes.</summary>
    public TrainingSet WithRows(Tensor rows) => new(this, rows);

    /// <summary>Some of the rows, as a set.</summary>
    /// <param name="places">Their places.</param>
    public TrainingSet Only(long[] places) => new(this, Take(tensor(places)));

    /// <summary>The batches of an epoch, in an order that is drawn anew. A batch is good until the next one.</summary>
    public IEnumerable<TrainingBatch> Shuffled(int batchSize, Generator generator)
    {
        using var order = randperm(Count, generator: generator);
        for (long start = 0; start < Count; start += batchSize)
        {
            using var scope = NewDisposeScope();
            yield return Take(order.narrow(0, start, Math.Min(batchSize, Count - start)));
        }
    }

    /// <summary>All rows in their order, some at a time. A batch is good until the next one.</summary>
    public IEnumerable<TrainingBatch> InOrder(int batchSize)
    {
        for (long start = 0; start < Count; start += batchSize)
        {
            using var scope = NewDisposeScope();
            long length = Math.Min(batchSize, Count - start);
            yield return new TrainingBatch(
                Rows.narrow(0, start, length), Condition?.narrow(0, start, length), Offset?.narrow(0, start, length), Weights?.narrow(0, start, length), Labels?.narrow(0, start, length));
        }
    }

    /// <summary>Some of the rows.</summary>
    /// <param name="places">Their places, [b].</param>
    public TrainingBatch Take(Tensor places) => new(
        Rows.index_select(0, places), Condition?.index_select(0, places), Offset?.index_select(0, places), Weights?.index_select(0, places), Labels?.index_select(0, places));

    private static Tensor? Side(float[]? values, int count, int width) => values is null ? null : tensor(values[..(count * width)], [count, width]);
}

/// <summary>The rows of one step.</summary>
/// <param name="Rows">Scaled features, [b, d].</param>
/// <param name="Condition">[b, c], or null.</param>
/// <param name="Offset">[b, m], or null.</param>
/// <param name="Weights">[b], or null.</param>
/// <param name="Labels">Classes, one-hot, [b, c], or null.</param>
internal readonly record struct TrainingBatch(Tensor Rows, Tensor? Condition, Tensor? Offset, Tensor? Weights, Tensor? Labels = null);
