using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Runs calibration rows through a graph and keeps what its dense layers' inputs range over. Not safe for use by several
/// threads at once.
/// </summary>
internal sealed class ActivationRanges : IDisposable
{
    private readonly (string Name, int Width, AlignedBuffer Buffer)[] _inputs;
    private readonly LayerWeight[] _layers;
    private readonly Dictionary<string, ValueRange> _ranges;
    private readonly string[] _values;
    private readonly PrePackedWeightsContainer _prepacked = new();
    private readonly RunOptions _runOptions = new();
    private readonly InferenceSession? _session;

    /// <param name="model">The graph.</param>
    /// <param name="layers">The network's layers; empty for all that look like one.</param>
    /// <param name="inputs">The graph's inputs and their widths.</param>
    /// <param name="capacity">The most rows that are added at once.</param>
    public ActivationRanges(
        ModelProto model, IReadOnlyList<NetworkLayer> layers, IReadOnlyList<(string Name, int Width)> inputs, int capacity)
    {
        Capacity = capacity;
        _layers = [.. LayerWeight.Find(model.Graph, layers).Where(layer => layer.IsPlainProduct)];
        _ranges = _layers.SelectMany(layer => layer.Users).Select(node => node.Input[0]).Distinct()
            .ToDictionary(value => value, _ => default(ValueRange), StringComparer.Ordinal);
        _values = [.. _ranges.Keys.Except(inputs.Select(input => input.Name))];
        if (_values.Length > 0)
            _session = OnnxRuntimeLibrary.OpenSession(
                WithOutputs(model, _values).ToByteArray(), new ScoringOptions(), _ => { }, warn: null, _prepacked);
        _inputs = [.. inputs.Select(input => (input.Name, input.Width,
            new AlignedBuffer(checked(capacity * input.Width * sizeof(float)))))];
    }

    /// <summary>The most rows that are added at once.</summary>
    public int Capacity { get; }

    /// <summary>How many rows have been added.</summary>
    public long Rows { get; private set; }

    /// <summary>The buffer of one row of an input, raw as the graph takes it.</summary>
    /// <param name="index">The input's place in <see cref="AutoencoderModel.Inputs"/>.</param>
    /// <param name="row">The row's place among those that are added at once.</param>
    public Span<float> InputRow(int index, int row) =>
        _inputs[index].Buffer.AsSpan<float>(row * _inputs[index].Width, _inputs[index].Width);

    /// <summary>Runs the first rows of the input buffers, and adds what they come to.</summary>
    public void Add(int rows)
    {
        Rows += rows;
        foreach (var (name, width, buffer) in _inputs)
            Widen(name, buffer.AsSpan<float>(0, rows * width));
        if (_session is null)
            return;
        OrtValue[] tensors = Array.ConvertAll(_inputs, input => OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, [rows, input.Width], input.Buffer.Address,
                (long)rows * input.Width * sizeof(float)));
        try
        {
            using var results = _session.Run(_runOptions, Array.ConvertAll(_inputs, input => input.Name), tensors, _values);
            for (int i = 0; i < _values.Length; i++)
                Widen(_values[i], results[i].GetTensorDataAsSpan<float>());
        }
        finally
        {
            Array.ForEach(tensors, tensor => tensor.Dispose());
        }
    }

    /// <summary>
    /// The range of what each dense layer takes, by the name of its weight: one for all of its nodes, for its bias has
    /// one scale.
    /// </summary>
    public Dictionary<string, ValueRange> Find() => _layers.ToDictionary(layer => layer.Tensor.Name, layer =>
    {
        var ranges = layer.Users.Select(node => _ranges[node.Input[0]]).ToArray();
        return new ValueRange(ranges.Min(range => range.Least), ranges.Max(range => range.Largest));
    }, StringComparer.Ordinal);

    public void Dispose()
    {
        _session?.Dispose();
        _prepacked.Dispose();
        _runOptions.Dispose();
        foreach (var (_, _, buffer) in _inputs)
            buffer.Dispose();
    }

    private void Widen(string value, ReadOnlySpan<float> values)
    {
        if (_ranges.TryGetValue(value, out var range))
            _ranges[value] = range.With(values);
    }

    private static ModelProto WithOutputs(ModelProto model, string[] values)
    {
        var extended = model.Clone();
        foreach (string value in values.Except(model.Graph.Output.Select(output => output.Name)))
            extended.Graph.Output.Add(new ValueInfoProto { Name = value,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = TensorTypes.Single } } });
        return OnnxFile.Cut(extended, [.. model.Graph.Input.Select(input => input.Name)], values);
    }
}
