using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>One of a network's arrays of weights as its graph has it, to be given other values.</summary>
/// <param name="Name">Its name in the graph, such as <c>encoder/dense1/weight</c>.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Take">Gives it the values of a tensor of that shape.</param>
internal sealed record NamedWeight(string Name, long[] Shape, Action<Tensor> Take)
{
    /// <summary>An array that stands in the graph as it is trained.</summary>
    /// <param name="name">Its name in the graph.</param>
    /// <param name="tensor">The array.</param>
    public NamedWeight(string name, Tensor tensor) : this(name, tensor.shape, values => tensor.copy_(values))
    {
    }
}
