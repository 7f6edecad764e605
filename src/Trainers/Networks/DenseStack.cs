using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Fully connected layers one after another: h ← f(h Wᵀ + b).</summary>
internal sealed class DenseStack : nn.Module<Tensor, Tensor>, INetworkPart
{
    private readonly string _name;
    private readonly Layer[] _layers;

    /// <param name="name">The part's name in the graph: <c>encoder</c> or <c>decoder</c>.</param>
    /// <param name="widths">The widths of all layers, input and output included.</param>
    /// <param name="activation">The activation of the layers but the last.</param>
    /// <param name="lastActivation">The activation of the last layer.</param>
    /// <param name="generator">Where the initial weights are drawn from.</param>
    public DenseStack(string name, int[] widths, Activation activation, Activation lastActivation, Generator generator)
        : base(name)
    {
        _name = name;
        _layers = new Layer[widths.Length - 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            // U(-1/√n, 1/√n) for weights and biases, n the layer's inputs: what PyTorch's Linear does. TorchSharp's own Linear
            // draws from the process-wide generator, which a fit must neither read nor change.
            double bound = 1 / Math.Sqrt(widths[i]);
            var layer = _layers[i] = new Layer(
                new Parameter(Uniform(bound, generator, widths[i + 1], widths[i])),
                new Parameter(Uniform(bound, generator, widths[i + 1])),
                i == _layers.Length - 1 ? lastActivation : activation);
            register_parameter($"weight{i + 1}", layer.Weight);
            register_parameter($"bias{i + 1}", layer.Bias);
        }
    }

    public nn.Module<Tensor, Tensor> Module => this;

    public override Tensor forward(Tensor input)
    {
        foreach (var layer in _layers)
            input = Activations.Apply(layer.Activation, nn.functional.linear(input, layer.Weight, layer.Bias));
        return input;
    }

    public string Emit(OnnxGraphBuilder graph, string input)
    {
        for (int i = 0; i < _layers.Length; i++)
        {
            string path = $"{_name}/dense{i + 1}";
            string weight = Initializer(graph, $"{path}/weight", _layers[i].Weight);
            string bias = Initializer(graph, $"{path}/bias", _layers[i].Bias);
            string sum = graph.Node("Gemm", path, [input, weight, bias], OnnxAttribute.Int64("transB", 1));
            input = Activations.Emit(_layers[i].Activation, graph, $"{path}/activation", sum);
        }
        return input;
    }

    private static Tensor Uniform(double bound, Generator generator, params long[] shape) => rand(shape, dtype: ScalarType.Float32, generator: generator).mul_(2 * bound).sub_(bound);

    private static string Initializer(OnnxGraphBuilder graph, string name, Parameter parameter)
    {
        using var values = parameter.detach().cpu().contiguous();
        return graph.Initializer(name, MemoryMarshal.Cast<byte, float>(values.bytes), parameter.shape);
    }

    private readonly record struct Layer(Parameter Weight, Parameter Bias, Activation Activation);
}
