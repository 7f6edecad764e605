using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The last layer of the encoder: the units of the code, and their normalization.</summary>
internal sealed class CodeLayer : NetworkPart
{
    private const double LeastLength = 1e-12, Epsilon = 1e-5, Momentum = 0.1;

    private readonly string _name;
    private readonly CodeNormalization _normalization;
    private readonly Tensor? _mean, _variance;

    public CodeLayer(string name, int inputs, CodeOptions code, Activation activation, CodeNormalization normalization, Generator generator)
        : base(name)
    {
        (_name, _normalization) = (name, normalization);
        Units = AddPart("units", new DenseLayer(name, inputs, code.Size, activation, generator));
        if (normalization == CodeNormalization.Batch)
        {
            _mean = AddBuffer("running_mean", zeros(code.Size, dtype: ScalarType.Float32, device: generator.device));
            _variance = AddBuffer("running_var", ones(code.Size, dtype: ScalarType.Float32, device: generator.device));
        }
    }

    public DenseLayer Units { get; }

    public bool IsNormalized => _normalization != CodeNormalization.None;

    public override IEnumerable<(string Name, Tensor Tensor)> GraphWeights =>
        _normalization != CodeNormalization.Batch || Folds ? Units.GraphWeights :
        [
            .. Units.GraphWeights,
            ($"{_name}/normalization/mean", _mean!),
            ($"{_name}/normalization/deviation", _variance!),
        ];

    /// <summary>Whether the units take the normalization over in the graph: once trained it is a scale and a shift of each.</summary>
    private bool Folds => _normalization == CodeNormalization.Batch && Units.Activation == Activation.Linear;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var code = Units.Forward(input, null, pass);
        return _normalization switch
        {
            CodeNormalization.Batch => nn.functional.batch_norm(
                code, _mean!, _variance!, null, null, pass.IsTraining && code.shape[0] > 1, Momentum, Epsilon),
            CodeNormalization.Layer => nn.functional.layer_norm(code, [Units.Outputs], null, null, Epsilon),
            // Clamped before the root, whose slope at 0 is no number: a code of rectified units may be all zeros.
            CodeNormalization.UnitLength => code / code.Squared().sum([1], keepdim: true).AtLeast(LeastLength * LeastLength).sqrt(),
            _ => code,
        };
    }

    public override void Unfold()
    {
        if (Folds)
        {
            _mean!.zero_();
            _variance!.Fill(1 - Epsilon);
        }
        else
            _variance?.copy_(_variance.Minus(Epsilon));
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        string path = $"{_name}/normalization";
        using var none = no_grad();
        var deviation = _variance is null ? null : _variance.Plus(Epsilon).sqrt();

        if (Folds)
            return Units.Emit(graph, input, Units.Weight / deviation!.unsqueeze(1), (Units.Bias - _mean!) / deviation);
        string code = Units.Emit(graph, input, null);
        switch (_normalization)
        {
            case CodeNormalization.Batch:
                string mean = Initializer(graph, $"{path}/mean", _mean!), divisor = Initializer(graph, $"{path}/deviation", deviation!);
                graph.Layer("batch_norm", [("running_mean", mean), ("running_var", divisor)], ("eps", 0));
                return graph.Node("Div", path, [graph.Node("Sub", $"{path}/centered", [code, mean]), divisor]);
            case CodeNormalization.Layer:
                return NormalizationLayer.EmitOverUnits(graph, path, code, Units.Outputs, affine: null);
            case CodeNormalization.UnitLength:
                string length = graph.Node("ReduceL2", $"{path}/length", [code], OnnxAttribute.Int64s("axes", 1),
                    OnnxAttribute.Int64("keepdims", 1));
                graph.Layer("normalize", [], ("dim", 1), ("eps", LeastLength));
                return graph.Node("Div", path, [code,
                    graph.Node("Max", $"{path}/least_length", [length, graph.Initializer($"{path}/epsilon", [(float)LeastLength])])]);
            default:
                return code;
        }
    }
}
