using MLNetAutoencoder.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A fully connected layer: f(norm(h Wᵀ + b)), with dropout after it while it is trained.</summary>
internal sealed class DenseLayer : NetworkPart
{
    private readonly string _name;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly bool _isTied;
    private readonly Activation _activation;
    private readonly double _dropout;
    private readonly NormalizationLayer? _normalization;

    public DenseLayer(string name, int inputs, int outputs, Activation activation, Generator generator,
        Normalization normalization = Normalization.None, double dropout = 0, DenseLayer? tiedTo = null)
        : base(name)
    {
        (_name, _activation, _dropout) = (name, activation, dropout);
        (Inputs, Outputs) = (inputs, outputs);
        _isTied = tiedTo is not null;
        _weight = tiedTo?._weight ?? AddWeight(generator, inputs, outputs, inputs);
        _bias = AddBias(generator, inputs, outputs);
        if (normalization != Normalization.None)
            _normalization = AddPart(
                "normalization", new NormalizationLayer($"{name}/normalization", normalization, outputs, generator.device));
    }

    public int Inputs { get; }

    public int Outputs { get; }

    public Activation Activation => _activation;

    public Parameter Bias => _bias;

    /// <summary>Whether it is a layer of its own weights and nothing else: no normalization, no dropout.</summary>
    public bool IsPlain => !_isTied && _normalization is null && _dropout == 0;

    /// <summary>The weight, [outputs, inputs]; a tied layer has that of another, transposed.</summary>
    public Tensor Weight => _isTied ? _weight.t() : _weight;

    public override long MultiplyAdds => (long)Inputs * Outputs;

    public override IEnumerable<(string Name, Tensor Tensor)> GraphWeights =>
        [($"{_name}/weight", Weight), ($"{_name}/bias", _bias), .. _normalization?.GraphWeights ?? []];

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var output = Activate(input, pass);
        return pass.IsTraining && _dropout > 0 ? Drop(output, _dropout, pass.Generator) : output;
    }

    /// <summary>Runs the layer without its dropout: what is compared with something has all its units.</summary>
    public Tensor Activate(Tensor input, Pass pass)
    {
        var sum = nn.functional.linear(input, Weight, _bias);
        return Activations.Apply(_activation, _normalization?.Forward(sum, null, pass) ?? sum);
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        (Tensor weight, Tensor bias) = _normalization is { Folds: true } folding ? folding.Fold(Weight, _bias) : (Weight, _bias);
        return Emit(graph, input, weight, bias);
    }

    /// <summary>Writes the layer with weight and bias that are its own and something besides.</summary>
    public string Emit(OnnxGraphBuilder graph, string input, Tensor weight, Tensor bias)
    {
        string[] stored = [Initializer(graph, $"{_name}/weight", weight), Initializer(graph, $"{_name}/bias", bias)];
        graph.Layer("linear", [("weight", stored[0]), ("bias", stored[1])]);
        string sum = graph.Node("Gemm", _name, [input, .. stored], OnnxAttribute.Int64("transB", 1));
        if (_normalization is { Folds: false } over)
            sum = over.Emit(graph, sum, null);
        return Activations.Emit(_activation, graph, $"{_name}/activation", sum);
    }

    // Inverted dropout (Srivastava et al. 2014): what stays is scaled up, so that nothing is to be done when the network is used.
    internal static Tensor Drop(Tensor output, double share, Generator generator) =>
        (output * rand(output.shape, dtype: ScalarType.Float32, device: output.device, generator: generator).IsLess(1 - share)
            .to(ScalarType.Float32)).Over(1 - share);
}
