using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Runs calibration rows through a graph and keeps what the inputs of its dense layers range over. Not safe for use by
/// several threads at once.
/// </summary>
internal sealed class ActivationRanges : IDisposable
{
    private readonly (string Name, int Width, AlignedBuffer Buffer)[] _inputs;
    private readonly LayerWeight[] _layers;
    private readonly Dictionary<string, ValueHistogram> _histograms;
    private readonly string[] _values;
    private readonly PrePackedWeightsContainer _prepacked = new();
    private readonly RunOptions _runOptions = new();
    private readonly InferenceSession? _session;
    private readonly double _coverage;

    internal ActivationRanges(ModelProto model, IReadOnlyList<(string Name, int Width)> inputs, int capacity, double coverage)
    {
        _coverage = coverage;
        Capacity = capacity;
        _layers = [.. LayerWeight.Find(model.Graph).Where(layer => layer.IsPlainProduct)];
        _histograms = _layers.SelectMany(layer => layer.Users).Select(node => node.Input[0]).Distinct()
            .ToDictionary(value => value, _ => new ValueHistogram(), StringComparer.Ordinal);
        _values = [.. _histograms.Keys.Except(inputs.Select(input => input.Name))];
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
    /// <param name="rows">How many, from 1 to <see cref="Capacity"/>.</param>
    public void Add(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Capacity);
        Rows += rows;
        foreach (var (name, width, buffer) in _inputs)
        {
            if (_histograms.TryGetValue(name, out var histogram))
                histogram.Add(buffer.AsSpan<float>(0, rows * width));
        }
        if (_session is null)
            return;
        OrtValue[] tensors = Array.ConvertAll(_inputs, input => OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, TensorElementType.Float, [rows, input.Width], input.Buffer.Address,
                (long)rows * input.Width * sizeof(float)));
        try
        {
            using var results = _session.Run(_runOptions, Array.ConvertAll(_inputs, input => input.Name), tensors, _values);
            for (int i = 0; i < _values.Length; i++)
                _histograms[_values[i]].Add(results[i].GetTensorDataAsSpan<float>());
        }
        finally
        {
            foreach (var tensor in tensors)
                tensor.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _session?.Dispose();
        _prepacked.Dispose();
        _runOptions.Dispose();
        foreach (var (_, _, buffer) in _inputs)
            buffer.Dispose();
    }

    /// <summary>
    /// The range of each value that a dense layer takes; the values that one weight is multiplied with have one range,
    /// for its bias has one scale.
    /// </summary>
    internal Dictionary<string, ValueRange> Find()
    {
        var ranges = _histograms.ToDictionary(pair => pair.Key, pair => pair.Value.Range(_coverage), StringComparer.Ordinal);
        bool changed;
        do
        {
            changed = false;
            foreach (var layer in _layers)
            {
                string[] values = [.. layer.Users.Select(node => node.Input[0])];
                var union = values.Select(value => ranges[value]).Aggregate((one, other) => one.Union(other));
                foreach (string value in values)
                {
                    changed |= ranges[value] != union;
                    ranges[value] = union;
                }
            }
        }
        while (changed);
        return ranges;
    }

    private static ModelProto WithOutputs(ModelProto model, string[] values)
    {
        var extended = model.Clone();
        foreach (string value in values.Except(model.Graph.Output.Select(output => output.Name)))
            extended.Graph.Output.Add(new ValueInfoProto { Name = value,
                Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)OnnxElementType.Single } } });
        return OnnxFile.Cut(extended, [.. model.Graph.Input.Select(input => input.Name)], values);
    }
}
