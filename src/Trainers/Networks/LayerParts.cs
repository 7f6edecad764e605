using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Layers one after another; the condition joins what one of them takes.</summary>
internal sealed class LayerStack : NetworkPart
{
    private readonly string _name;
    private readonly NetworkPart[] _parts;
    private readonly int _joinAt;

    /// <param name="name">Its name in the graph.</param>
    /// <param name="parts">The layers.</param>
    /// <param name="joinAt">The place of the layer whose input the condition joins; the number of layers for the end, -1 for none.</param>
    /// <param name="output">What the last one gives, the condition included.</param>
    public LayerStack(string name, IEnumerable<NetworkPart> parts, int joinAt, LayerShape output)
        : base(name)
    {
        (_name, _joinAt, Output) = (name, joinAt, output);
        _parts = [.. parts.Select((part, i) => AddPart($"layer{i + 1}", part))];
    }

    public LayerShape Output { get; }

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass)
    {
        for (int i = 0; i <= _parts.Length; i++)
        {
            if (i == _joinAt)
                input = Join(input, condition);
            if (i < _parts.Length)
                input = _parts[i].Forward(input, null, pass);
        }
        return input;
    }

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        for (int i = 0; i <= _parts.Length; i++)
        {
            if (i == _joinAt)
                input = Join(graph, $"{_name}/with_condition", input, condition);
            if (i < _parts.Length)
                input = _parts[i].Emit(graph, input, null);
        }
        return input;
    }
}

/// <summary>x + f(x), or s(x) + f(x) where f changes the shape.</summary>
internal sealed class ResidualPart : NetworkPart
{
    private readonly string _name;
    private readonly NetworkPart _layers;
    private readonly NetworkPart? _skip;

    /// <param name="name">Its name in the graph.</param>
    /// <param name="layers">f.</param>
    /// <param name="skip">s, or null.</param>
    public ResidualPart(string name, NetworkPart layers, NetworkPart? skip = null)
        : base(name)
    {
        (_name, _layers) = (name, AddPart("layers", layers));
        _skip = skip is null ? null : AddPart("skip", skip);
    }

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) =>
        (_skip?.Forward(input, null, pass) ?? input).Plus(_layers.Forward(input, null, pass));

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition)
    {
        graph.Layer(NetworkLayer.Keep, []);
        string kept = input;
        if (_skip is not null)
        {
            kept = _skip.Emit(graph, input, null);
            graph.Layer(NetworkLayer.SwapKept, []);
        }
        string change = _layers.Emit(graph, input, null);
        graph.Layer(NetworkLayer.AddKept, []);
        return graph.Node("Add", _name, [kept, change]);
    }
}

/// <summary>An activation by itself.</summary>
internal sealed class ActivationPart(string name, Activation activation) : NetworkPart(name)
{
    private readonly string _name = name;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => Activations.Apply(activation, input);

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        Activations.Emit(activation, graph, _name, input);
}

/// <summary>Dropout by itself; nothing once the network is trained.</summary>
internal sealed class DropoutPart(string name, double share) : NetworkPart(name)
{
    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) =>
        pass.IsTraining ? DenseLayer.Drop(input, share, pass.Generator) : input;

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) => input;
}

/// <summary>Images of vectors, channel after channel.</summary>
internal sealed class ImagePart(string name, ImageShape shape) : NetworkPart(name)
{
    private readonly string _name = name;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => ImageRows.ToImages(input, shape, ImageLayout.Planar);

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        ImageRows.EmitToImages(graph, _name, input, shape, ImageLayout.Planar);
}

/// <summary>Vectors of images, channel after channel.</summary>
internal sealed class FlatPart(string name, ImageShape shape) : NetworkPart(name)
{
    private readonly string _name = name;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => ImageRows.ToRows(input, shape, ImageLayout.Planar);

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        ImageRows.EmitToRows(graph, _name, input, shape, ImageLayout.Planar);
}

/// <summary>Max pooling.</summary>
internal sealed class PoolingPart(string name, ImageShape from, int factor) : NetworkPart(name)
{
    private readonly string _name = name;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => Resampling.MaxPool(input, from, factor);

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        Resampling.EmitMaxPool(graph, _name, input, from, factor);
}

/// <summary>Each pixel repeated.</summary>
internal sealed class UpsamplingPart(string name, ImageShape to, int factor) : NetworkPart(name)
{
    private readonly string _name = name;

    public override Tensor Forward(Tensor input, Tensor? condition, Pass pass) => Resampling.Enlarge(input, to, factor);

    public override string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        Resampling.EmitEnlarge(graph, _name, input, to.Channels, to, factor);
}
