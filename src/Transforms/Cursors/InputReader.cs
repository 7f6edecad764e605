using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Copies the input columns of the row above into the runner's buffers.</summary>
internal sealed class InputReader
{
    private readonly ScoringPlan _plan;
    private readonly ValueGetter<VBuffer<float>>?[] _vectors;
    private readonly ValueGetter<float>?[] _scalars;
    private readonly bool _refusesMissing;
    private VBuffer<float> _vector;

    public InputReader(ScoringPlan plan, DataViewRow input)
    {
        _plan = plan;
        _refusesMissing = plan.RefusesMissing;
        _vectors = new ValueGetter<VBuffer<float>>[plan.InputColumns.Length];
        _scalars = new ValueGetter<float>[plan.InputColumns.Length];
        for (int i = 0; i < plan.InputColumns.Length; i++)
        {
            var column = plan.InputColumns[i];
            if (column.Type is VectorDataViewType)
                _vectors[i] = input.GetGetter<VBuffer<float>>(column);
            else
                _scalars[i] = input.GetGetter<float>(column);
        }
    }

    /// <summary>Reads the row that the input stands on into a row of the batch.</summary>
    /// <param name="runner">The runner whose buffers are filled.</param>
    /// <param name="row">The place in the batch.</param>
    /// <param name="position">The row's number in the data, for messages.</param>
    /// <exception cref="InvalidOperationException">A vector has another length than its column declares, or a value is missing and the model refuses that.</exception>
    public void Read(BatchRunner runner, int row, long position)
    {
        for (int i = 0; i < _vectors.Length; i++)
        {
            var destination = runner.InputRow(i, row);
            if (_vectors[i] is { } getter)
            {
                getter(ref _vector);
                if (_vector.Length != destination.Length)
                    throw new InvalidOperationException($"Row {position} of the column '{_plan.InputColumns[i].Name}' has {_vector.Length} values; expected {destination.Length}.");
                // A dense copy without the walk over explicit values that CopyTo takes.
                if (_vector.IsDense)
                    _vector.GetValues().CopyTo(destination);
                else
                    _vector.CopyTo(destination);
            }
            else
            {
                _scalars[i]!(ref destination[0]);
            }
            if (_refusesMissing)
                CheckPresent(destination, i, position);
        }
    }

    private void CheckPresent(ReadOnlySpan<float> values, int input, long position)
    {
        for (int j = 0; j < values.Length; j++)
        {
            if (!float.IsFinite(values[j]))
                throw new InvalidOperationException($"Row {position} of the column '{_plan.InputColumns[input].Name}' has {values[j]} in '{_plan.SlotName(input, j)}', and the autoencoder was made to refuse missing values when it scores.");
        }
    }
}
