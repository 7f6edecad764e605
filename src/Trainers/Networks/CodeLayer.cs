using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The last layer of the encoder: the units of the code, and their normalisation.</summary>
internal sealed class CodeLayer : NetworkPart
{
    private const double LeastLength = 1e-12, Epsilon = 1e-5, Momentum = 0.1;

    private readonly string _name;
    private readonly CodeNormalisation _normalisation;
    private readonly Tensor? _mean, _variance;

    public CodeLayer(string name, int inputs, CodeOptions code, Activation activation, CodeNormalisation normalisation, Generator generator)
    {
        (_name, _normalisation) = (name, normalisation);
        Units = AddPart(new DenseLayer(name, inputs, code.Size, activation, generator));
        if (normalisation == CodeNormalisation.Batch)
        {
            _mean = AddStatistic(zeros(code.Size));
            _variance = AddStatistic(ones(code.Size));
        }
    }

    public DenseLayer Units { get; }

    public bool IsNormalised => _normalisation != CodeNormalisation.None;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        var code = Units.Forward(input, null, pass);
        return _normalisation switch
        {
            CodeNormalisation.Batch => nn.functional.batch_norm(code, _mean!, _variance!, null, null, pass.IsTraining && code.shape[0] > 1, Momentum, Epsilon),
            CodeNormalisation.Layer => nn.functional.layer_norm(code, [Units.Outputs], null, null, Epsilon),
            // Clamped before the root, whose slope at 0 is no number: a code of rectified units may be all zeros.
            CodeNormalisation.UnitLength => code / code.square().sum([1], keepdim: true).clamp_min(LeastLength * LeastLength).sqrt(),
            _ => code,
        };
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        string path = $"{_name}/normalisation";
        using var none = no_grad();
        var deviation = _variance is null ? null : (_variance + Epsilon).sqrt();

        // Once trained it is a scale and a shift of each unit, which linear units take over.
        if (deviation is not null && Units.Activation == Activation.Linear)
            return Units.Emit(graph, input, Units.Weight / deviation.unsqueeze(1), (Units.Bias - _mean!) / deviation);
        string code = Units.Emit(graph, input, null);
        switch (_normalisation)
        {
            case CodeNormalisation.Batch:
                return graph.Node("Div", path, [graph.Node("Sub", $"{path}/centred", [code, Initializer(graph, $"{path}/mean", _mean!)]), Initializer(graph, $"{path}/deviation", deviation!)]);
            case CodeNormalisation.Layer:
                return NormalisationLayer.EmitOverUnits(graph, path, code, Units.Outputs, affine: null);
            case CodeNormalisation.UnitLength:
                string length = graph.Node("ReduceL2", $"{path}/length", [code], OnnxAttribute.Int64s("axes", 1), OnnxAttribute.Int64("keepdims", 1));
                return graph.Node("Div", path, [code, graph.Node("Max", $"{path}/least_length", [length, graph.Initializer($"{path}/epsilon", [(float)LeastLength])])]);
            default:
                return code;
        }
    }
}
