namespace MLNetAutoencoder.Onnx;

/// <summary>Several copies of each row of a batch, each a row of its own for the network, as a part of the graph.</summary>
/// <param name="graph">The graph.</param>
/// <param name="path">What the names of the nodes start with, such as <c>samples</c>.</param>
/// <param name="count">The number of copies.</param>
internal sealed class RowCopies(OnnxGraphBuilder graph, string path, int count)
{
    private bool IsOne => count == 1;

    /// <summary>Rows [batch, n] with an axis for the copies, [batch, 1, n]; where there is one copy, it takes none.</summary>
    public string Rows(string name, string value, int width) => IsOne ? value : Reshape(name, value, 0, 1, width);

    /// <summary>Copies of rows [batch, L, n] as rows, [batch L, n].</summary>
    public string Flat(string name, string value, int width) =>
        IsOne ? value : graph.Declare(Reshape(name, value, -1, width), TensorTypes.Single, OnnxGraphBuilder.SampleAxis, width);

    /// <summary>The inverse of <see cref="Flat"/>.</summary>
    public string Split(string name, string value, int width) =>
        IsOne ? value : graph.Declare(Reshape(name, value, -1, count, width), TensorTypes.Single, count, width);

    /// <summary>The same row in each copy, [batch, n] to [batch L, n]; null stays null.</summary>
    public string? Repeated(string name, string? value, int width) => value is null || IsOne ? value : Flat($"{name}s",
        graph.Node("Expand", $"{path}/{name}_samples",
            [Rows($"{name}_rows", value, width), graph.Int64s($"{path}/{name}_samples_shape", 1, count, width)]), width);

    /// <summary>Runs parts of the network, which stand in the graph already, on copies.</summary>
    public string Run(Func<string> emit) =>
        graph.Again($"{path}/", emit, IsOne ? OnnxGraphBuilder.BatchAxis : OnnxGraphBuilder.SampleAxis);

    private string Reshape(string name, string value, params long[] shape) =>
        graph.Node("Reshape", $"{path}/{name}", [value, graph.Int64s($"{path}/{name}_shape", shape)]);
}
