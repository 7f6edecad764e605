using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>The weights of one model, held once however many sessions it has.</summary>
internal sealed class SharedWeights : IDisposable
{
    // Smaller ones are not worth an allocation of their own.
    private const int LeastBytes = 4096;

    private readonly Dictionary<string, OrtValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AlignedBuffer> _buffers = new(StringComparer.Ordinal);

    public SharedWeights(GraphProto graph)
    {
        foreach (var tensor in graph.Initializer.Where(
            tensor => tensor.RawData.Length >= LeastBytes && tensor.DataType is TensorTypes.Single or TensorTypes.Int8))
        {
            var buffer = new AlignedBuffer(tensor.RawData.Length);
            _buffers.Add(tensor.Name, buffer);
            tensor.RawData.Span.CopyTo(buffer.AsSpan<byte>(0, tensor.RawData.Length));
            _values.Add(tensor.Name, OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, (TensorElementType)tensor.DataType, [.. tensor.Dims], buffer.Address,
                tensor.RawData.Length));
        }
    }

    /// <summary>The weights in the form that the kernels want.</summary>
    public PrePackedWeightsContainer Prepacked { get; } = new();

    /// <summary>The memory of one weight, which all sessions read.</summary>
    internal Span<byte> this[string name] => _buffers[name].AsSpan<byte>(0, _buffers[name].ByteLength);

    /// <summary>Gives a session the shared weights in the place of those in its file.</summary>
    public void AddTo(SessionOptions options, GraphProto graph)
    {
        foreach (var tensor in graph.Initializer)
        {
            if (_values.TryGetValue(tensor.Name, out var value))
                options.AddInitializer(tensor.Name, value);
        }
    }

    /// <summary>Releases the weights; every session that uses them must have been disposed.</summary>
    public void Dispose()
    {
        Prepacked.Dispose();
        foreach (var value in _values.Values)
            value.Dispose();
        foreach (var buffer in _buffers.Values)
            buffer.Dispose();
    }
}
