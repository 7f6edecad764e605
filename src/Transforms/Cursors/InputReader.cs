using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Copies the input columns of the row above into the runner's buffers.</summary>
internal sealed class InputReader
{
    private readonly ScoringPlan _plan;
    private readonly ColumnReader[] _readers;
    private readonly bool _refusesMissing;

    public InputReader(ScoringPlan plan, DataViewRow input)
    {
        _plan = plan;
        _refusesMissing = plan.RefusesMissing;
        _readers = Array.ConvertAll(plan.InputColumns, column => ColumnReaders.Create(input, column, plan.OnMissingKey));
    }

    /// <summary>Reads the row that the input stands on into a row of the batch.</summary>
    /// <exception cref="InvalidOperationException">A vector has another length than its column declares, or a value is
    /// missing and the model refuses that.</exception>
    public void Read(BatchRunner runner, int row, long position)
    {
        for (int i = 0; i < _readers.Length; i++)
        {
            var destination = runner.InputRow(i, row);
            _readers[i](destination, position);
            if (_refusesMissing)
                CheckPresent(destination, i, position);
        }
    }

    private void CheckPresent(ReadOnlySpan<float> values, int input, long position)
    {
        for (int j = 0; j < values.Length; j++)
        {
            if (!float.IsFinite(values[j]))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"Row {position} of the column '{_plan.InputColumns[input].Name}' has {values[j]} in '{_plan.SlotName(input, j)}', " +
                    $"and the autoencoder was made to refuse missing values when it scores."));
        }
    }
}
