namespace Microsoft.ML.Data;

internal static class ParallelCursors
{
    internal static DataViewRowCursor TryConsolidate(IDataView view, IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand) => null;

    internal static DataViewRowCursor[] Split(DataViewRowCursor input, int n) => [input];
}
