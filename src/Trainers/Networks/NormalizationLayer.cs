using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The normalization of a layer's sums before its activation, with a scale and a shift that are trained.</summary>
/// <remarks>
/// Over the batch (Ioffe and Szegedy 2015) it is, once trained, a scale and a shift of each unit: the layer before it
/// takes these over when it is written into a graph. Over the units (Ba, Kiros and Hinton 2016) it depends on the row
/// and stays.
/// </remarks>
internal sealed class NormalizationLayer : NetworkPart
{
    private const double Epsilon = 1e-5, Momentum = 0.1;

    private readonly Normalization _kind;
    private readonly int _width;
    private readonly string _name;
    private readonly Tensor _scale, _shift;
    private readonly Tensor? _mean, _variance;

    public NormalizationLayer(string name, Normalization kind, int width, Device device)
        : base(name)
    {
        (_name, _kind, _width) = (name, kind, width);
        _scale = AddParameter("scale", ones(width, dtype: ScalarType.Float32, device: device));
        _shift = AddParameter("shift", zeros(width, dtype: ScalarType.Float32, device: device));
        if (kind == Normalization.Batch)
        {
            _mean = AddBuffer("running_mean", zeros(width, dtype: ScalarType.Float32, device: device));
            _variance = AddBuffer("running_var", ones(width, dtype: ScalarType.Float32, device: device));
        }
    }

    /// <summary>Whether a layer before it can take it over.</summary>
    public bool Folds => _kind == Normalization.Batch;

    public override IEnumerable<(string Name, Tensor Tensor)> GraphWeights =>
        Folds ? [] : [($"{_name}/scale", _scale), ($"{_name}/shift", _shift)];

    // A batch of one row has no variance of its own.
    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => _kind == Normalization.Batch
        ? nn.functional.batch_norm(input, _mean!, _variance!, _scale, _shift, pass.IsTraining && input.shape[0] > 1, Momentum, Epsilon)
        : nn.functional.layer_norm(input, [_width], _scale, _shift, Epsilon);

    /// <summary>Weights, whose first axis is the units, and biases that do what the layer and this normalization do.</summary>
    public (Tensor Weight, Tensor Bias) Fold(Tensor weight, Tensor bias)
    {
        using var none = no_grad();
        var factor = _scale / _variance!.Plus(Epsilon).sqrt();
        long[] shape = [_width, .. Enumerable.Repeat(1L, weight.shape.Length - 1)];
        return (weight * factor.reshape(shape), ((bias - _mean!) * factor).Plus(_shift));
    }

    public override void Unfold()
    {
        if (!Folds)
            return;
        _scale.Fill(1);
        _shift.zero_();
        _mean!.zero_();
        _variance!.Fill(1 - Epsilon);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        EmitOverUnits(graph, _name, input, _width,
            (Initializer(graph, $"{_name}/scale", _scale), Initializer(graph, $"{_name}/shift", _shift)));

    /// <summary>Writes (x − mean) / √(variance + ε) over the units of each row, and scale and shift where there are any.</summary>
    public static string EmitOverUnits(OnnxGraphBuilder graph, string name, string input, int width, (string Scale, string Shift)? affine)
    {
        graph.Layer("layer_norm", affine is { } trained ? [("weight", trained.Scale), ("bias", trained.Shift)] : [],
            ("normalized_shape", NetworkLayer.List(width)), ("eps", Epsilon));

        // A matrix of 1/n takes the mean: reductions change their form with the opset.
        float[] share = new float[width];
        Array.Fill(share, 1f / width);
        string mean = graph.Initializer($"{name}/share", share, width, 1);
        string centered = graph.Node("Sub", $"{name}/centered", [input, graph.Node("MatMul", $"{name}/mean", [input, mean])]);
        string variance = graph.Node("MatMul", $"{name}/variance", [graph.Node("Mul", $"{name}/squared", [centered, centered]), mean]);
        string deviation = graph.Node("Sqrt", $"{name}/deviation",
            [graph.Node("Add", $"{name}/variance_and_epsilon", [variance, graph.Initializer($"{name}/epsilon", [(float)Epsilon])])]);
        if (affine is not { } both)
            return graph.Node("Div", name, [centered, deviation]);
        string scaled = graph.Node("Mul", $"{name}/scaled", [graph.Node("Div", $"{name}/normalized", [centered, deviation]), both.Scale]);
        return graph.Node("Add", name, [scaled, both.Shift]);
    }
}
