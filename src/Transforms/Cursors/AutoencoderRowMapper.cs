using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Applies an autoencoder to one row at a time, for prediction engines.</summary>
internal sealed class AutoencoderRowMapper(ScoringPlan plan) : IRowToRowMapper
{
    public DataViewSchema InputSchema => plan.InputSchema;

    // ML.NET compares schemas by reference: this one object is also the schema of every row.
    public DataViewSchema OutputSchema => plan.OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        plan.Dependencies([.. dependingColumns]);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Schema != plan.InputSchema)
            throw new ArgumentException(
                "The row has another schema than the one that the mapper was made for. Make a mapper for the row's own schema.",
                nameof(input));
        return new AutoencoderRow(plan, input, [.. activeColumns]);
    }

    /// <summary>
    /// A row with the autoencoder's columns; the graph runs once for each row above, when the first of its outputs is
    /// read.
    /// </summary>
    private sealed class AutoencoderRow : DataViewRow, IOutputRow
    {
        private readonly ScoringPlan _plan;
        private readonly DataViewRow _input;
        private readonly HashSet<int> _active;
        private readonly BatchRunner? _runner;
        private readonly Dictionary<int, int[]> _places = [];
        private readonly InputReader? _reader;
        private long _computed = -1;

        public AutoencoderRow(ScoringPlan plan, DataViewRow input, DataViewSchema.Column[] active)
        {
            _plan = plan;
            _input = input;
            _active = [.. active.Select(column => column.Index)];
            if (_active.Any(plan.IsOutput))
            {
                _reader = new InputReader(plan, input);
                _runner = plan.CreateRunner(active, capacity: 1, out _places);
            }
        }

        public override DataViewSchema Schema => _plan.OutputSchema;

        public override long Position => _input.Position;

        public override long Batch => _input.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column))
                throw new InvalidOperationException(
                    $"The column '{column.Name}' is not among those that the row was made for. Name it when asking for the row.");
            return _places.TryGetValue(column.Index, out int[]? places)
                ? _plan.CreateGetter<TValue>(column, this, places)
                : _input.GetGetter<TValue>(_plan.InputSchema[column.Index]);
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        BatchRunner IOutputRow.Locate(out int row)
        {
            if (_computed != _input.Position || _computed < 0)
            {
                _reader!.Read(_runner!, 0, _input.Position);
                _runner!.Run(1);
                _computed = _input.Position;
            }
            row = 0;
            return _runner!;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _runner?.Dispose();
                _input.Dispose();
            }
            base.Dispose(disposing);
        }
    }
}
