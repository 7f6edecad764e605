using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Each activation twice, for training and for the graph; a test holds the two to each other.</summary>
internal static class Activations
{
    // Maas et al. 2013; PyTorch's default, and ONNX's.
    private const double LeakySlope = 0.01;

    public static Tensor Apply(Activation activation, Tensor x) => activation switch
    {
        Activation.Linear => x,
        Activation.ReLU => nn.functional.relu(x),
        Activation.LeakyReLU => x.LeakyReLU(LeakySlope),
        Activation.ELU => x.ELU(),
        Activation.SELU => nn.functional.selu(x),
        Activation.GELU => nn.functional.gelu(x),
        Activation.Tanh => tanh(x),
        Activation.Sigmoid => sigmoid(x),
        Activation.Softplus => -nn.functional.logsigmoid(-x),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };

    public static string Emit(Activation activation, OnnxGraphBuilder graph, string name, string x)
    {
        if (Function(activation) is { } function)
            graph.Layer(function, []);
        return EmitNodes(activation, graph, name, x);
    }

    /// <summary>Its name in <c>torch.nn.functional</c> or <c>torch</c>; null for none.</summary>
    private static string? Function(Activation activation) => activation switch
    {
        Activation.Linear => null,
        Activation.ReLU => "relu",
        Activation.LeakyReLU => "leaky_relu",
        Activation.ELU => "elu",
        Activation.SELU => "selu",
        Activation.GELU => "gelu",
        Activation.Tanh => "tanh",
        Activation.Sigmoid => "sigmoid",
        Activation.Softplus => "softplus",
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };

    private static string EmitNodes(Activation activation, OnnxGraphBuilder graph, string name, string x) => activation switch
    {
        Activation.Linear => x,
        Activation.ReLU => graph.Node("Relu", name, [x]),
        Activation.LeakyReLU => graph.Node("LeakyRelu", name, [x], OnnxAttribute.Single("alpha", (float)LeakySlope)),
        Activation.ELU => graph.Node("Elu", name, [x], OnnxAttribute.Single("alpha", 1)),
        Activation.SELU => graph.Node("Selu", name, [x]),
        Activation.GELU => EmitGelu(graph, name, x),
        Activation.Tanh => graph.Node("Tanh", name, [x]),
        Activation.Sigmoid => graph.Node("Sigmoid", name, [x]),
        Activation.Softplus => graph.Node("Softplus", name, [x]),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, null),
    };

    // ONNX has the operator only from opset 20 on.
    private static string EmitGelu(OnnxGraphBuilder graph, string name, string x)
    {
        string error = graph.Node("Erf", $"{name}/erf",
            [graph.Node("Mul", $"{name}/scaled", [x, graph.Initializer($"{name}/inverse_root_two", [(float)Math.Sqrt(0.5)])])]);
        string twice = graph.Node("Add", $"{name}/twice_share", [error, graph.Initializer($"{name}/one", [1f])]);
        return graph.Node("Mul", name, [graph.Node("Mul", $"{name}/half", [x, graph.Initializer($"{name}/one_half", [0.5f])]), twice]);
    }
}
