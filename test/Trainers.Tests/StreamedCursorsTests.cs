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
        int opened = 0, ended = 0;
        IEnumerable<Row> Read()
        {
            opened++;
            try
            {
                foreach (var row in Rows.Make(count))
                    yield return row;
            }
            finally
            {
                ended++;
            }
        }
        var view = s_ml.Data.LoadFromEnumerable(Read());
        Rows.Fit(s_ml, options => (options.MemoryBudget, options.ValidationShare, options.Epochs) = (400, share, 3), view).Dispose();
        Assert.IsGreaterThan(4, opened, "the rows are streamed");
        Assert.AreEqual(opened, ended);
    }

    [TestMethod]
    public void So_are_those_of_a_validation_view_and_of_pretraining()
    {
        int opened = 0, ended = 0;
        IEnumerable<Row> Read(int count)
        {
            opened++;
            try
            {
                foreach (var row in Rows.Make(count))
                    yield return row;
            }
            finally
            {
                ended++;
            }
        }
        var options = Rows.Options();
        (options.MemoryBudget, options.Epochs) = (400, 2);
        (options.Pretraining, options.Corruption) = (new PretrainingOptions { Epochs = 1 }, new SaltAndPepperCorruption(0.1));
        var (training, validation) = (s_ml.Data.LoadFromEnumerable(Read(200)), s_ml.Data.LoadFromEnumerable(Read(64)));
        s_ml.Autoencoders().Autoencoder(options).Fit(training, validation).Dispose();
        Assert.IsGreaterThan(6, opened, "the rows are streamed");
        Assert.AreEqual(opened, ended);
    }

    [TestMethod]
    public void Every_cursor_is_disposed()
    {
        var view = new GeneratedView(200, 5);
        Rows.Fit(s_ml, options => (options.MemoryBudget, options.ValidationShare, options.Epochs) = (400, 0.2, 3), view).Dispose();
        Assert.IsGreaterThan(4, view.CursorsOpened);
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);
    }
}
