using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The tensors of a batch, which stay from batch to batch: records go in raw and become what the network sees.</summary>
internal sealed class BatchBuffer : IDisposable
{
    private readonly RowLayout _layout;
    private readonly FeatureScaling _scaling;
    private readonly double _meanWeight;
    private readonly bool _hasMissing;
    private readonly Tensor _rows;
    private readonly Tensor? _condition, _offset, _weights, _labels, _known;

    /// <param name="rows">The training rows.</param>
    /// <param name="scaling">Their scaling.</param>
    /// <param name="count">How many rows a batch has.</param>
    /// <param name="masks">Whether missing values do not count.</param>
    public BatchBuffer(TrainingData rows, FeatureScaling scaling, int count, bool masks)
    {
        (_layout, _scaling, _meanWeight, _hasMissing) = (rows.Layout, scaling, rows.MeanWeight, rows.HasMissing);
        Tensor Zeros(params long[] shape) => zeros(shape, dtype: ScalarType.Float32, device: CPU).DetachFromDisposeScope();
        Tensor? Side(int width) => width == 0 ? null : Zeros(count, width);
        _rows = Side(_layout.Features)!;
        _condition = Side(_layout.Condition);
        _offset = Side(_layout.Offset);
        _weights = _layout.HasWeight ? Zeros(count) : null;
        _labels = Side(_layout.Classes);
        _known = masks && _hasMissing ? Side(_layout.Features) : null;
    }

    /// <summary>The tensors, on the CPU.</summary>
    public TrainingBatch Batch => new(_rows, _condition, _offset, _weights, _labels, _known);

    /// <summary>The memory of the tensors, to be written.</summary>
    public Writer Open() => new(this);

    public void Dispose()
    {
        foreach (var tensor in new[] { _rows, _condition, _offset, _weights, _labels, _known })
            tensor?.Dispose();
    }

    private static Span<float> Floats(Tensor? tensor) => tensor is null ? default : MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>Writes records into the tensors.</summary>
    public readonly ref struct Writer
    {
        private readonly BatchBuffer _buffer;
        private readonly Span<float> _rows, _condition, _offset, _weights, _labels, _known;

        public Writer(BatchBuffer buffer)
        {
            _buffer = buffer;
            _rows = Floats(buffer._rows);
            _condition = Floats(buffer._condition);
            _offset = Floats(buffer._offset);
            _weights = Floats(buffer._weights);
            _labels = Floats(buffer._labels);
            _known = Floats(buffer._known);
        }

        /// <summary>Puts a record in a place of the batch.</summary>
        public void Put(int place, ReadOnlySpan<float> record)
        {
            var layout = _buffer._layout;
            var row = _rows.Slice(place * layout.Features, layout.Features);
            if (_buffer._hasMissing)
                ScaleKnown(record[..layout.Features], row,
                    _known.IsEmpty ? default : _known.Slice(place * layout.Features, layout.Features));
            else
                _buffer._scaling.Scale(record[..layout.Features], row);
            CopyOrZero(record[layout.ConditionRange], _condition, place);
            CopyOrZero(record[layout.OffsetRange], _offset, place);
            if (layout.HasWeight)
                _weights[place] = (float)(record[layout.WeightStart] / _buffer._meanWeight);
            CopyOrZero(record[layout.ClassRange], _labels, place);
        }

        private void ScaleKnown(ReadOnlySpan<float> raw, Span<float> scaled, Span<float> known)
        {
            var scaling = _buffer._scaling;
            for (int j = 0; j < raw.Length; j++)
            {
                bool isKnown = float.IsFinite(raw[j]);
                scaled[j] = scaling.Scale(j, isKnown ? raw[j] : scaling.Means[j]);
                if (!known.IsEmpty)
                    known[j] = isKnown ? 1 : 0;
            }
        }

        private static void CopyOrZero(ReadOnlySpan<float> values, Span<float> destination, int place)
        {
            for (int j = 0; j < values.Length; j++)
                destination[place * values.Length + j] = float.IsFinite(values[j]) ? values[j] : 0;
        }
    }
}
