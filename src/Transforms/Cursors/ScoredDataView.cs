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
        return Open([source.GetRowCursor(plan.Dependencies(active), rand)], active)[0];
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] active = [.. columnsNeeded];
        return Open(source.GetRowCursorSet(plan.Dependencies(active), n, rand), active);
    }

    /// <summary>Opens a cursor over each of the source's; where one cannot be made, all are closed.</summary>
    private DataViewRowCursor[] Open(DataViewRowCursor[] sources, DataViewSchema.Column[] active)
    {
        // A cursor that is made has the source's in it, and closes it.
        DataViewRowCursor[] open = [.. sources];
        try
        {
            for (int i = 0; i < open.Length; i++)
                open[i] = new BatchedCursor(plan, sources[i], active);
            return open;
        }
        catch
        {
            foreach (var cursor in open)
                cursor.Dispose();
            throw;
        }
    }
}
