using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Runs a graph over batches of rows, with inputs and outputs in buffers of its own that are bound to ONNX Runtime once
/// for each batch size.
/// </summary>
/// <remarks>
/// Not safe for use by several threads at once. A run on the CPU allocates nothing while the number of rows stays the
/// same. A batch in which no value is missing runs under a session over the graph without the nodes that look for
/// missing ones (<see cref="MissingValueGraph"/>); the results are the same.
/// </remarks>
public sealed class BatchRunner : IDisposable
{
    /// <summary>The most memory that the buffers of one runner take.</summary>
    internal const long MostBytes = 1L << 30;

    private readonly AutoencoderModel _model;
    private readonly SessionPool _sessions;
    private readonly Func<bool, InferenceSession> _sessionFor;
    private readonly (string Name, int Width)[] _inputs;
    private readonly (string Name, int Width, int Type)[] _outputs;
    private readonly AlignedBuffer[] _inputBuffers;
    private readonly AlignedBuffer[] _outputBuffers;
    private readonly RunOptions _runOptions = new();
    private Binding? _complete;
    private Binding? _incomplete;
    private bool _disposed;

    /// <summary>
    /// Makes a runner, which ends a lease of the sessions when it is disposed. <paramref name="sessionFor"/> gives the
    /// session for batches with missing values (true) or without (false).
    /// </summary>
    internal BatchRunner(AutoencoderModel model, SessionPool sessions, Func<bool, InferenceSession> sessionFor,
        (string Name, int Width)[] inputs, (string Name, int Width, int Type)[] outputs, int capacity)
    {
        _model = model;
        _sessions = sessions;
        _sessionFor = sessionFor;
        _inputs = inputs;
        _outputs = outputs;
        Capacity = capacity;
        _inputBuffers = Array.ConvertAll(inputs, input => new AlignedBuffer(capacity * input.Width * sizeof(float)));
        _outputBuffers = Array.ConvertAll(outputs, output => new AlignedBuffer(capacity * output.Width * ElementSize(output)));
    }

    /// <summary>The most rows that one run takes.</summary>
    public int Capacity { get; }

    /// <summary>How many rows of so many bytes the buffers may have.</summary>
    internal static int MostRows(long rowBytes) => (int)Math.Clamp(MostBytes / Math.Max(1, rowBytes), 1, int.MaxValue);

    /// <summary>Checks that the buffers for so many rows are of a size that can be had.</summary>
    internal static void CheckCapacity(int capacity, long rowBytes)
    {
        int most = MostRows(rowBytes);
        if (capacity < 1 || capacity > most)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity,
                $"The capacity is {capacity} rows; expected 1 to {most} for rows of {rowBytes} bytes.");
    }

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
    /// <exception cref="InvalidDataException">The rows have missing values, and ONNX Runtime refuses the graph that these need.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime fails in the graph, or its device has too little memory.</exception>
    /// <exception cref="ObjectDisposedException">The runner, or the model that it came from, has been disposed.</exception>
    public void Run(int rows)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _sessions.ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Capacity);
        bool missing = false;
        for (int i = 0; i < _inputs.Length; i++)
            missing |= HasMissing(_inputBuffers[i].AsSpan<float>(0, rows * _inputs[i].Width));
        try
        {
            var binding = (missing ? _incomplete : _complete) is { } bound && bound.Rows == rows ? bound : Bind(missing, rows);
            // An input that belongs on a GPU is copied there when it is bound, and not again when it is run.
            if (_model.Scoring.GpuDeviceId is not null)
                binding.BindInputs();
            binding.Session.RunWithBinding(_runOptions, binding.Values);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException(
                $"ONNX Runtime could not run the {_model.Metadata.Graph} graph over {rows} rows: {e.Message}", e);
        }
    }

    /// <summary>Releases the buffers. The session stays with its model. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _complete?.Dispose();
        _incomplete?.Dispose();
        _runOptions.Dispose();
        foreach (var buffer in _inputBuffers.Concat(_outputBuffers))
            buffer.Dispose();
        _sessions.EndLease();
    }

    private Binding Bind(bool missing, int rows)
    {
        ref var place = ref missing ? ref _incomplete : ref _complete;
        place?.Dispose();
        place = null;
        var binding = new Binding(_sessionFor(missing), rows);
        try
        {
            for (int i = 0; i < _inputs.Length; i++)
                binding.Add(_inputs[i].Name, binding.Tensor(_inputBuffers[i], TensorElementType.Float, _inputs[i].Width, sizeof(float)));
            binding.BindInputs();
            for (int i = 0; i < _outputs.Length; i++)
            {
                var (name, width, type) = _outputs[i];
                binding.Values.BindOutput(name, binding.Tensor(
                    _outputBuffers[i], (TensorElementType)type, width, ElementSize(_outputs[i])));
            }
        }
        catch
        {
            binding.Dispose();
            throw;
        }
        return place = binding;
    }

    /// <summary>Whether a value is NaN or an infinity: those are the numbers whose exponent is all ones.</summary>
    private static bool HasMissing(ReadOnlySpan<float> values)
    {
        var exponent = new Vector<int>(0x7F80_0000);
        var bits = MemoryMarshal.Cast<float, int>(values);
        var vectors = MemoryMarshal.Cast<int, Vector<int>>(bits);
        var found = Vector<int>.Zero;
        foreach (var vector in vectors)
            found |= Vector.Equals(vector & exponent, exponent);
        bool missing = found != Vector<int>.Zero;
        foreach (float value in values[(vectors.Length * Vector<int>.Count)..])
            missing |= !float.IsFinite(value);
        return missing;
    }

    private static int ElementSize((string Name, int Width, int Type) output) => output.Type switch
    {
        TensorTypes.Single => sizeof(float),
        TensorTypes.Boolean => sizeof(bool),
        _ => throw new NotSupportedException(
            $"The graph's output '{output.Name}' has elements of type {TensorTypes.NameOf(output.Type)}; expected Single or Boolean."),
    };

    /// <summary>The buffers, bound to a session for a number of rows.</summary>
    private sealed class Binding(InferenceSession session, int rows) : IDisposable
    {
        private readonly List<OrtValue> _tensors = [];
        private readonly List<(string Name, OrtValue Tensor)> _inputs = [];

        public InferenceSession Session { get; } = session;

        public int Rows { get; } = rows;

        public OrtIoBinding Values { get; } = session.CreateIoBinding();

        public OrtValue Tensor(AlignedBuffer buffer, TensorElementType type, int width, int elementSize)
        {
            var value = OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, type, [Rows, width], buffer.Address, (long)Rows * width * elementSize);
            _tensors.Add(value);
            return value;
        }

        public void Add(string input, OrtValue tensor) => _inputs.Add((input, tensor));

        public void BindInputs()
        {
            foreach (var (name, tensor) in _inputs)
                Values.BindInput(name, tensor);
        }

        public void Dispose()
        {
            Values.Dispose();
            foreach (var value in _tensors)
                value.Dispose();
        }
    }
}
