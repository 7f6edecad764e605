using Microsoft.ML;

namespace MLNetAutoencoder;

/// <summary>A data view with the columns of an autoencoder added. Nothing is computed before a cursor moves.</summary>
internal sealed class ScoredDataView(ScoringPlan plan, IDataView source) : IDataView
{
    public DataViewSchema Schema => plan.OutputSchema;

    public bool CanShuffle => source.CanShuffle;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        return new BatchedCursor(plan, source.GetRowCursor(plan.Dependencies(active), rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        return Array.ConvertAll(source.GetRowCursorSet(plan.Dependencies(active), n, rand), cursor =>
            (DataViewRowCursor)new BatchedCursor(plan, cursor, active));
    }
}
