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
        from place in new[] { Throws.Getter, Throws.IdGetter }
        from failing in Enumerable.Range(0, Count)
        select new object[] { place, failing };

    [TestMethod]
    [DynamicData(nameof(Places))]
    public void All_cursors_of_a_set_are_closed(Throws place, int failing)
    {
        var view = new ThrowingView(Rows.View(s_ml, 20), place) { FailingCursor = failing };
        var scored = s_model.Value.Transform(view);
        var error = Assert.ThrowsExactly<NotFiniteNumberException>(() => scored.GetRowCursorSet(Active(scored), Count));
        Assert.AreSame(view.Error, error);
        Assert.AreSequenceEqual(Enumerable.Repeat(1, Count), view.Disposals, $"of {Count} cursors, the times that each was closed");
    }

    [TestMethod]
    [DataRow(Throws.Getter)]
    [DataRow(Throws.IdGetter)]
    public void A_single_cursor_is_closed(Throws place)
    {
        var view = new ThrowingView(Rows.View(s_ml, 20), place);
        var scored = s_model.Value.Transform(view);
        Assert.AreSame(view.Error, Assert.ThrowsExactly<NotFiniteNumberException>(() => scored.GetRowCursor(Active(scored))));
        Assert.AreSequenceEqual([1], view.Disposals);
    }

    [TestMethod]
    public void A_set_of_which_none_fails_scores_every_row()
    {
        var view = new ThrowingView(Rows.View(s_ml, 20), Throws.Getter) { FailingCursor = -1 };
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
}
