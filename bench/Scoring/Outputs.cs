using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>What is asked of a model: names of columns, and of the graph's outputs that stand behind them.</summary>
internal sealed record Outputs(string Name, params (string Column, string Output)[] Pairs)
{
    public static readonly Outputs Score = new("score", ("Score", GraphNames.Score));

    public static readonly Outputs Code = new("code", ("Code", GraphNames.Code));

    public static readonly Outputs All = new("all", ("Score", GraphNames.Score), ("Code", GraphNames.Code),
        ("Reconstruction", GraphNames.Reconstruction));

    public string[] Columns => Array.ConvertAll(Pairs, pair => pair.Column);

    public string[] Graph => Array.ConvertAll(Pairs, pair => pair.Output);
}
