
namespace MLNetAutoencoder.Onnx;

/// <summary>The length of an axis: a number, or that many times the rows of the batch.</summary>
internal readonly record struct Axis(long Length, bool OfBatch = false)
{
    public static Axis Batch { get; } = new(1, OfBatch: true);

    /// <summary>Whether it is one element long whatever the batch, so that it stretches to any other.</summary>
    public bool IsOne => Length == 1 && !OfBatch;

    public override string ToString() => !OfBatch ? $"{Length}" : Length == 1 ? OnnxGraphBuilder.BatchAxis
        : $"{Length} {OnnxGraphBuilder.BatchAxis}";
}

/// <summary>What is known of a value in a graph before it runs.</summary>
/// <param name="Type">The type of its elements, one of <see cref="TensorTypes"/>.</param>
/// <param name="Shape">Its axes.</param>
/// <param name="Stored">The initializer that it is, if it is one.</param>
internal sealed record GraphValue(int Type, Axis[] Shape, TensorProto? Stored = null)
{
    public int Rank => Shape.Length;

    /// <summary>The number of elements: for one row, where it depends on the batch.</summary>
    public long Elements { get; } = Product(Shape);

    public bool OfBatch => Array.Exists(Shape, axis => axis.OfBatch);

    /// <summary>The product of some lengths; what is more than any value may have counts as that.</summary>
    public static long Product(ReadOnlySpan<Axis> axes)
    {
        long product = 1;
        foreach (var axis in axes)
            product = Math.Min(product * axis.Length, GraphLimits.MostLength);
        return product;
    }

    public bool HasShape(params Axis[] axes) => Shape.AsSpan().SequenceEqual(axes);

    public override string ToString() => $"{TensorTypes.NameOf(Type)} [{string.Join(", ", Shape)}]";
}
