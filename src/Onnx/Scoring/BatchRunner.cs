using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>Runs a graph over batches of rows, with inputs and outputs in buffers of its own that are bound to ONNX Runtime once for each batch size.</summary>
/// <remarks>Not safe for use by several threads at once. A run allocates nothing while the number of rows stays the same.</remarks>
public sealed class BatchRunner : IDisposable
{
    private readonly AutoencoderModel _model;
    private readonly InferenceSession _session;
    private readonly (string Name, int Width)[] _inputs;
    private readonly (string Name, int Width, OnnxElementType Type)[] _outputs;
    private readonly AlignedBuffer[] _inputBuffers;
    private readonly AlignedBuffer[] _outputBuffers;
    private readonly List<OrtValue> _values = [];
    private readonly RunOptions _runOptions = new();
    private OrtIoBinding? _binding;
    private int _boundRows;
    private bool _disposed;

    internal BatchRunner(AutoencoderModel model, InferenceSession session, (string Name, int Width)[] inputs, (string Name, int Width, OnnxElementType Type)[] outputs, int capacity)
    {
        _model = model;
        _session = session;
        _inputs = inputs;
        _outputs = outputs;
        Capacity = capacity;
        _inputBuffers = Array.ConvertAll(inputs, input => new AlignedBuffer(checked(capacity * input.Width * sizeof(float))));
        _outputBuffers = Array.ConvertAll(outputs, output => new AlignedBuffer(checked(capacity * output.Width * ElementSize(output))));
    }

    /// <summary>The most rows that one run takes.</summary>
    public int Capacity { get; }

    /// <summary>The buffer of an input: <see cref="Capacity"/> rows, one after another.</summary>
    /// <param name="index">The input's place in the list that the runner was made with.</param>
    public Span<float> Input(int index) => _inputBuffers[index].AsSpan<float>(0, Capacity * _inputs[index].Width);

    /// <summary>The buffer of one row of an input.</summary>
    /// <param name="index">The input's place in the list that the runner was made with.</param>
    /// <param name="row">The row's place in the batch.</param>
    public Span<float> InputRow(int index, int row) => _inputBuffers[index].AsSpan<float>(row * _inputs[index].Width, _inputs[index].Width);

    /// <summary>One row of an output with elements of type <typeparamref name="T"/>, as the last run left it.</summary>
    /// <typeparam name="T"><see cref="float"/> or <see cref="bool"/>, as the graph's output has it.</typeparam>
    /// <param name="index">The output's place in the list that the runner was made with.</param>
    /// <param name="row">The row's place in the batch.</param>
    public ReadOnlySpan<T> OutputRow<T>(int index, int row) where T : unmanaged =>
        _outputBuffers[index].AsSpan<T>(row * _outputs[index].Width, _outputs[index].Width);

    /// <summary>Runs the graph over the first <paramref name="rows"/> rows of the input buffers.</summary>
    /// <param name="rows">From 1 to <see cref="Capacity"/>.</param>
    /// <exception cref="ObjectDisposedException">The runner, or the model that it came from, has been disposed.</exception>
    public void Run(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _model.ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Capacity);
        if (rows != _boundRows)
            Bind(rows);
        _session.RunWithBinding(_runOptions, _binding!);
    }

    /// <summary>Releases the buffers. The session stays with its model. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Unbind();
        _runOptions.Dispose();
        foreach (var buffer in _inputBuffers.Concat(_outputBuffers))
            buffer.Dispose();
        _model.EndLease();
    }

    private void Bind(int rows)
    {
        Unbind();
        _binding = _session.CreateIoBinding();
        for (int i = 0; i < _inputs.Length; i++)
            _binding.BindInput(_inputs[i].Name, Tensor(_inputBuffers[i], TensorElementType.Float, rows, _inputs[i].Width, sizeof(float)));
        for (int i = 0; i < _outputs.Length; i++)
        {
            var (name, width, type) = _outputs[i];
            _binding.BindOutput(name, Tensor(_outputBuffers[i], (TensorElementType)type, rows, width, ElementSize(_outputs[i])));
        }
        _boundRows = rows;
    }

    private OrtValue Tensor(AlignedBuffer buffer, TensorElementType type, int rows, int width, int elementSize)
    {
        var value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, [rows, width], buffer.Address, (long)rows * width * elementSize);
        _values.Add(value);
        return value;
    }

    private static int ElementSize((string Name, int Width, OnnxElementType Type) output) => output.Type switch
    {
        OnnxElementType.Single => sizeof(float),
        OnnxElementType.Boolean => sizeof(bool),
        _ => throw new NotSupportedException($"The graph's output '{output.Name}' has elements of type {output.Type}; expected Single or Boolean."),
    };

    private void Unbind()
    {
        _boundRows = 0;
        _binding?.Dispose();
        _binding = null;
        foreach (var value in _values)
            value.Dispose();
        _values.Clear();
    }
}
