using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Where one of several cursors cannot be made, all that the source has opened are closed, and its exception goes on.</summary>
[TestClass]
public sealed class FailingCursorSetTests
{
    private const int Count = 4;

    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Lazy<AutoencoderTransformer> s_model = new(() => Rows.Fit(s_ml, options => options.Epochs = 0));

    public static IEnumerable<object[]> Places =>
        from place in Enum.GetValues<Place>() from failing in Enumerable.Range(0, Count) select new object[] { place, failing };

    /// <summary>What a cursor is asked for when it throws.</summary>
    public enum Place
    {
        Getter,
        IdGetter,
    }

    [TestMethod]
    [DynamicData(nameof(Places))]
    public void All_cursors_of_a_set_are_closed(Place place, int failing)
    {
        var view = new FailingSetView(Rows.View(s_ml, 20), place, failing);
        var scored = s_model.Value.Transform(view);
        var error = Assert.ThrowsExactly<NotFiniteNumberException>(() => scored.GetRowCursorSet(Active(scored), Count));
        Assert.AreSame(view.Error, error);
        Assert.AreSequenceEqual(Enumerable.Repeat(1, Count), view.Disposals, $"of {Count} cursors, the times that each was closed");
    }

    [TestMethod]
    [DataRow(Place.Getter)]
    [DataRow(Place.IdGetter)]
    public void A_single_cursor_is_closed(Place place)
    {
        var view = new FailingSetView(Rows.View(s_ml, 20), place, failing: 0);
        var scored = s_model.Value.Transform(view);
        Assert.AreSame(view.Error, Assert.ThrowsExactly<NotFiniteNumberException>(() => scored.GetRowCursor(Active(scored))));
        Assert.AreSequenceEqual([1], view.Disposals);
    }

    [TestMethod]
    public void A_set_of_which_none_fails_scores_every_row()
    {
        var view = new FailingSetView(Rows.View(s_ml, 20), Place.Getter, failing: -1);
        var scored = s_model.Value.Transform(view);
        int rows = 0;
        foreach (var cursor in scored.GetRowCursorSet(Active(scored), Count))
        {
            using (cursor)
            {
                while (cursor.MoveNext())
                    rows++;
            }
        }
        Assert.AreEqual(20 * Count, rows, "each cursor of the view gives all rows");
        Assert.AreSequenceEqual(Enumerable.Repeat(1, Count), view.Disposals);
    }

    private static DataViewSchema.Column[] Active(IDataView scored) => [scored.Schema["Score"], scored.Schema["Features"]];

    /// <summary>Another view, each of whose cursors gives all rows; one of them throws.</summary>
    private sealed class FailingSetView(IDataView source, Place place, int failing) : IDataView
    {
        private readonly List<Cursor> _cursors = [];

        public Exception Error { get; } = new NotFiniteNumberException("The cursor fails here.");

        public IEnumerable<int> Disposals => _cursors.Select(cursor => cursor.Disposals);

        public bool CanShuffle => false;

        public DataViewSchema Schema => source.Schema;

        public long? GetRowCount() => source.GetRowCount();

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        {
            bool fails = _cursors.Count == failing;
            Exception? ErrorAt(Place here) => fails && place == here ? Error : null;
            var cursor = new Cursor(source.GetRowCursor(columnsNeeded), ErrorAt(Place.Getter), ErrorAt(Place.IdGetter));
            _cursors.Add(cursor);
            return cursor;
        }

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
            [.. Enumerable.Range(0, n).Select(_ => GetRowCursor(columnsNeeded))];
    }

    private sealed class Cursor(DataViewRowCursor input, Exception? getterError, Exception? idError) : DataViewRowCursor
    {
        public int Disposals { get; private set; }

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override DataViewSchema Schema => input.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => idError is null ? input.GetIdGetter() : throw idError;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            getterError is null ? input.GetGetter<TValue>(column) : throw getterError;

        public override bool MoveNext() => input.MoveNext();

        protected override void Dispose(bool disposing)
        {
            Disposals++;
            input.Dispose();
            base.Dispose(disposing);
        }
    }
}
