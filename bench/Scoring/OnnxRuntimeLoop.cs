using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>
/// The other side: a loop over <see cref="InferenceSession"/> as one writes it by hand. The tensors are allocated and
/// bound once, a batch is copied in as one piece, and each row's outputs are read as a cursor's reader reads them: the
/// score is summed, a vector copied into a buffer that is used again. On a GPU the input is bound anew for each batch,
/// which copies it there.
/// </summary>
internal sealed class OnnxRuntimeLoop : IDisposable
{
    private readonly RowBlock _block;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly OrtIoBinding _binding;
    private readonly OrtValue _input;
    private readonly (OrtValue Value, float[] Row)[] _outputs;
    private readonly bool _onGpu;
    private int _next;

    public OnnxRuntimeLoop(BenchModel model, Outputs outputs, RowBlock block, int batch, int? threads, bool onGpu = false)
    {
        _block = block;
        _onGpu = onGpu;
        Batch = batch;
        using var options = new SessionOptions();
        if (threads is { } count)
            options.IntraOpNumThreads = count;
        if (onGpu)
        {
            // As the library has it: the first device, with all 32 bits.
            using var cuda = new OrtCUDAProviderOptions();
            cuda.UpdateOptions(new Dictionary<string, string> { ["device_id"] = "0", ["use_tf32"] = "0" });
            options.AppendExecutionProvider_CUDA(cuda);
        }
        _session = new InferenceSession(model.Graph.CutAndRename([GraphNames.Features], outputs.Graph, name => name), options);
        _binding = _session.CreateIoBinding();
        _input = Allocate(batch, block.Width);
        _binding.BindInput(GraphNames.Features, _input);
        _outputs = Array.ConvertAll(outputs.Graph, name =>
        {
            int width = model.Graph.Width(name);
            var value = Allocate(batch, width);
            _binding.BindOutput(name, value);
            return (value, new float[width]);
        });
    }

    public int Batch { get; }

    public Side Side => new($"batch {Batch}", Read);

    /// <summary>Goes on by a number of rows, in the block and, at its end, again from its start.</summary>
    /// <param name="rows">A multiple of the batch, as the block's rows are one.</param>
    /// <returns>The same sum as <see cref="ColumnReader.Read"/>.</returns>
    public double Read(long rows)
    {
        double sum = 0;
        for (long done = 0; done < rows; done += Batch)
        {
            _block.Slice(_next, Batch).CopyTo(_input.GetTensorMutableDataAsSpan<float>());
            _next = (_next + Batch) % _block.Rows;
            if (_onGpu)
                _binding.BindInput(GraphNames.Features, _input);
            _session.RunWithBinding(_runOptions, _binding);
            foreach (var (value, row) in _outputs)
                sum += ReadOutput(value.GetTensorDataAsSpan<float>(), row);
        }
        return sum;
    }

    public void Dispose()
    {
        _binding.Dispose();
        _input.Dispose();
        foreach (var (value, _) in _outputs)
            value.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static double ReadOutput(ReadOnlySpan<float> values, float[] row)
    {
        double sum = 0;
        if (row.Length == 1)
        {
            foreach (float value in values)
                sum += value;
            return sum;
        }
        for (; !values.IsEmpty; values = values[row.Length..])
        {
            values[..row.Length].CopyTo(row);
            sum += row[^1];
        }
        return sum;
    }

    private static OrtValue Allocate(int rows, int width) =>
        OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, [rows, width]);
}
