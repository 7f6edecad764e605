using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>Reads columns of a view row by row, with getters into buffers that are used again.</summary>
internal sealed class ColumnReader : IDisposable
{
    private readonly DataViewRowCursor _cursor;
    private readonly ValueGetter<float>[] _scalars;
    private readonly ValueGetter<VBuffer<float>>[] _vectors;
    private readonly VBuffer<float>[] _values;

    public ColumnReader(IDataView view, params string[] columns)
    {
        DataViewSchema.Column[] active = Array.ConvertAll(columns, column => view.Schema[column]);
        _cursor = view.GetRowCursor(active);
        _scalars = [.. active.Where(column => column.Type is not VectorDataViewType).Select(column => _cursor.GetGetter<float>(column))];
        _vectors = [.. active.Where(column => column.Type is VectorDataViewType)
            .Select(column => _cursor.GetGetter<VBuffer<float>>(column))];
        _values = new VBuffer<float>[_vectors.Length];
    }

    /// <summary>Goes on by a number of rows, or to the end of the view.</summary>
    /// <returns> The sum of the scalars and of the vectors' last values, so that nothing that was read is unused, and
    /// two readers can be compared.
    /// </returns>
    public double Read(long rows)
    {
        double sum = 0;
        while (rows-- > 0 && _cursor.MoveNext())
        {
            foreach (ValueGetter<float> getter in _scalars)
            {
                float value = 0;
                getter(ref value);
                sum += value;
            }
            for (int i = 0; i < _vectors.Length; i++)
            {
                _vectors[i](ref _values[i]);
                sum += _values[i].GetValues()[^1];
            }
        }
        return sum;
    }

    public void Dispose() => _cursor.Dispose();
}
