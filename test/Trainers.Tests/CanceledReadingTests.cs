using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A cancellation is looked at while rows are read, too: data of any size may stand behind a view.</summary>
[TestClass]
public sealed class CanceledReadingTests
{
    private const int RowCount = 200_000;

    // How many rows may be read after it.
    private const int Patience = 1000;

    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow("training rows")]
    [DataRow("validation rows")]
    public void Reading_stops_soon_after_a_cancellation(string which)
    {
        var random = new Random(31);
        for (int round = 0; round < 3; round++)
        {
            int cancelAt = random.Next(RowCount / 2), read = 0;
            using var source = new CancellationTokenSource();
            IEnumerable<Row> Made()
            {
                var row = Rows.Make(1)[0];
                for (read = 0; read < RowCount; read++)
                {
                    if (read == cancelAt)
                        source.Cancel();
                    yield return row;
                }
            }
            var options = Rows.Options();
            options.Cancellation = source.Token;
            var (estimator, few, many) = (s_ml.Autoencoders().Dense(options), Rows.View(s_ml, 50), s_ml.Data.LoadFromEnumerable(Made()));
            var error = Assert.ThrowsExactly<OperationCanceledException>(
                () => which == "training rows" ? estimator.Fit(many) : estimator.Fit(few, many));
            Assert.AreEqual(source.Token, error.CancellationToken);
            Assert.IsInRange(cancelAt, cancelAt + Patience, read);
        }
    }
}
