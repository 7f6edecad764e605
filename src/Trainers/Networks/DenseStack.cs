using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Fully connected layers one after another; the condition joins the input of the first.</summary>
internal sealed class DenseStack : NetworkPart
{
    private readonly string _name;

    public DenseStack(string name, IEnumerable<DenseLayer> layers)
        : base(name)
    {
        _name = name;
        Layers = [.. layers.Select((layer, i) => AddPart($"dense{i + 1}", layer))];
    }

    public DenseLayer[] Layers { get; }

    /// <summary>A stack of some widths, input and output included.</summary>
    public static DenseStack Create(string name, int[] widths, Activation activation, Activation lastActivation, Generator generator) =>
        new(name, Enumerable.Range(0, widths.Length - 1).Select(i =>
            new DenseLayer($"{name}/dense{i + 1}", widths[i], widths[i + 1], i == widths.Length - 2 ? lastActivation : activation,
                generator)));

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        input = Join(input, condition);
        foreach (var layer in Layers)
            input = layer.Forward(input, null, pass);
        return input;
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        input = Join(graph, $"{_name}/with_condition", input, condition);
        foreach (var layer in Layers)
            input = layer.Emit(graph, input, null);
        return input;
    }
}
