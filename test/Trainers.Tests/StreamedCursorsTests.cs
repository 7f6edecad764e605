using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// No walk over a source is left open: what a streamed fit reads, it reads to the end, also past the last row that it wants. ML.NET's
/// cursor over an enumerable leaves the enumerator to be ended by its last row.
/// </summary>
[TestClass]
public sealed class StreamedCursorsTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(200, 0.0)]
    [DataRow(200, 0.2)]
    [DataRow(256, 0.0)] // the batch of the statistics
    [DataRow(1024, 0.5)]
    public void Every_enumerator_of_the_source_is_ended(int count, double share)
    {
        var source = new CountedRows();
        var view = s_ml.Data.LoadFromEnumerable(source.Read(count));
        Rows.Fit(s_ml, options => (options.MemoryBudget, options.ValidationShare, options.Epochs) = (400, share, 3), view).Dispose();
        source.AssertEnded(leastPasses: 5);
    }

    [TestMethod]
    public void So_are_those_of_a_validation_view_and_of_pretraining()
    {
        var source = new CountedRows();
        var options = Rows.Options();
        (options.MemoryBudget, options.Epochs) = (400, 2);
        (options.Pretraining, options.Corruption) = (new PretrainingOptions { Epochs = 1 }, new SaltAndPepperCorruption(0.1));
        var (training, validation) = (s_ml.Data.LoadFromEnumerable(source.Read(200)), s_ml.Data.LoadFromEnumerable(source.Read(64)));
        s_ml.Autoencoders().Autoencoder(options).Fit(training, validation).Dispose();
        source.AssertEnded(leastPasses: 7);
    }

    [TestMethod]
    public void Every_cursor_is_disposed()
    {
        var view = new GeneratedView(200, 5);
        Rows.Fit(s_ml, options => (options.MemoryBudget, options.ValidationShare, options.Epochs) = (400, 0.2, 3), view).Dispose();
        Assert.IsGreaterThan(4, view.CursorsOpened);
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);
    }

    /// <summary>Rows whose enumerators are counted.</summary>
    private sealed class CountedRows
    {
        private int _opened, _ended;

        public IEnumerable<Row> Read(int count)
        {
            _opened++;
            try
            {
                foreach (var row in Rows.Make(count))
                    yield return row;
            }
            finally
            {
                _ended++;
            }
        }

        public void AssertEnded(int leastPasses)
        {
            Assert.IsGreaterThanOrEqualTo(leastPasses, _opened, "the rows are streamed");
            Assert.AreEqual(_opened, _ended);
        }
    }
}
