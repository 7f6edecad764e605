namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Features by their ranks: the value that a standard normal distribution has at a feature's share of lower training values (the inverse
/// normal transformation of van der Waerden 1952), as a function of straight pieces.
/// </summary>
/// <param name="Pieces">The number of pieces of a feature.</param>
/// <param name="Starts">Where each piece starts, [d, pieces] row by row; the first goes on below.</param>
/// <param name="Lengths">How long each is, [d, pieces].</param>
/// <param name="Slopes">How steep each is, [d, pieces].</param>
/// <param name="Bases">The value at the start of the first piece, [d].</param>
internal sealed record RankGauss(int Pieces, float[] Starts, float[] Lengths, float[] Slopes, float[] Bases)
{
    /// <summary>What stands for a piece without an end.</summary>
    public const float Endless = 1e30f;

    /// <summary>Scaled features by their ranks.</summary>
    /// <param name="row">The scaled features, which are overwritten.</param>
    public void Map(Span<float> row)
    {
        for (int j = 0; j < row.Length; j++)
        {
            float sum = Bases[j];
            for (int i = j * Pieces; i < (j + 1) * Pieces; i++)
                sum += Slopes[i] * Math.Min(Math.Max(row[j] - Starts[i], i == j * Pieces ? -Endless : 0), Lengths[i]);
            row[j] = sum;
        }
    }

    /// <summary>Writes the function, [batch, d] to [batch, d].</summary>
    public string Emit(OnnxGraphBuilder graph, string scaled, string path)
    {
        int d = Bases.Length;
        float[] least = new float[Starts.Length];
        for (int j = 0; j < d; j++)
            least[j * Pieces] = -Endless;
        string Node(string operation, string name, params string[] inputs) => graph.Node(operation, $"{path}/{name}", inputs);
        string Constant(string name, float[] values) => graph.Initializer($"{path}/{name}", values, 1, d, Pieces);
        string column = Node("Reshape", "column", scaled, graph.Int64s($"{path}/column_shape", 0, d, 1));
        string within = Node("Min", "within", Node("Max", "beyond_start", Node("Sub", "from_start", column, Constant("starts", Starts)),
            Constant("least", least)), Constant("lengths", Lengths));
        string sum = graph.Node("ReduceSum", $"{path}/sum", [Node("Mul", "rises", within, Constant("slopes", Slopes)),
            graph.Int64s($"{path}/sum_axes", 2)], OnnxAttribute.Int64("keepdims", 0));
        return graph.Declare(Node("Add", "ranks", sum, graph.Initializer($"{path}/bases", Bases, d)), TensorTypes.Single, d);
    }
}
