using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>A data view of time series with the columns of an autoencoder added. Nothing is computed before a cursor moves.</summary>
internal sealed class SeriesDataView(TimeSeriesTransformer transformer, IDataView source, SeriesColumns columns, DataViewSchema schema)
    : IDataView
{
    public DataViewSchema Schema => schema;

    // Steps stand in their order.
    public bool CanShuffle => false;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        int[] active = [.. columnsNeeded.Select(column => column.Index)];
        var passed = source.GetRowCursor(active.Where(index => index < source.Schema.Count).Select(index => source.Schema[index]));
        try
        {
            return new Cursor(this, passed, [.. active]);
        }
        catch
        {
            passed.Dispose();
            throw;
        }
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];

    /// <summary>Goes over the source, and over its scores, which are computed ahead by a cursor of their own.</summary>
    private sealed class Cursor : DataViewRowCursor
    {
        private readonly SeriesDataView _view;
        private readonly DataViewRowCursor _source;
        private readonly HashSet<int> _active;
        private readonly string[] _outputs;
        private readonly SeriesScoring? _scores;
        private readonly PValues? _pValues;

        public Cursor(SeriesDataView view, DataViewRowCursor source, HashSet<int> active)
        {
            (_view, _source, _active) = (view, source, active);
            _outputs = view.Transformer.Outputs;
            bool IsActive(string output) => Array.IndexOf(_outputs, output) is >= 0 and var place
                && active.Contains(view.SourceColumns + place);
            if (!_outputs.Any(IsActive))
                return;
            var transformer = view.Transformer;
            _pValues = IsActive(GraphNames.PValue) ? transformer.CreatePValues() : null;
            _scores = new SeriesScoring(transformer.Model, new SeriesReader(
                view.Source, view.Columns, transformer.Description, refusal: transformer.Refusal),
                transformer.Description.IsCovering, IsActive(GraphNames.FeatureErrors), IsActive(GraphNames.Reconstruction));
        }

        public override DataViewSchema Schema => _view.Schema;

        public override long Position => _source.Position;

        public override long Batch => _source.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override bool MoveNext()
        {
            bool hasRow = _source.MoveNext();
            if (_scores is not null && _scores.MoveNext() != hasRow)
                throw new InvalidOperationException(
                    $"The data view gave {(hasRow ? "more" : "fewer")} rows than when it was read for the scores, which is done at the " +
                    "same time. A view must give the same rows each time: save the data to a file first.");
            return hasRow;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException(
                    $"The column '{column.Name}' is not among those that the cursor was opened for. Name it when opening the cursor.");
            if (column.Index < _view.SourceColumns)
                return _source.GetGetter<TValue>(_view.Source.Schema[column.Index]);
            Delegate getter = _outputs[column.Index - _view.SourceColumns] switch
            {
                GraphNames.Score => (ValueGetter<float>)((ref float value) => value = Step.Score),
                GraphNames.IsAnomaly => (ValueGetter<bool>)((ref bool value) =>
                    value = Step is { IsScored: true } step && _view.Transformer.IsAnomaly(step.Score)),
                GraphNames.PValue => (ValueGetter<float>)((ref float value) => value = (float)_pValues!.Of(Step.Score)),
                GraphNames.Reconstruction => Vector(step => step.Expected),
                _ => Vector(step => step.Errors),
            };
            return getter as ValueGetter<TValue> ?? throw ScoringPlan.WrongType<TValue>(column);
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                try
                {
                    _scores?.Dispose();
                }
                finally
                {
                    _source.Dispose();
                }
            }
            base.Dispose(disposing);
        }

        private SeriesScoring.Step Step => _scores!.Current ?? throw new InvalidOperationException(
            "The cursor stands on no row: call MoveNext first, and read no value after it has returned false.");

        private ValueGetter<VBuffer<float>> Vector(Func<SeriesScoring.Step, float[]> values) => (ref VBuffer<float> value) =>
        {
            float[] found = values(Step);
            var editor = VBufferEditor.Create(ref value, found.Length);
            found.CopyTo(editor.Values);
            value = editor.Commit();
        };
    }

    private TimeSeriesTransformer Transformer => transformer;

    private IDataView Source => source;

    private SeriesColumns Columns => columns;

    private int SourceColumns => source.Schema.Count;
}
