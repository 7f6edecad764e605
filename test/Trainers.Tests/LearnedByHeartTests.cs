namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// The log warns of a training in which epochs and parameters far exceed what the rows can teach: outliers among them are learned by heart,
/// and score low.
/// </summary>
[TestClass]
public sealed class LearnedByHeartTests
{
    /// <summary>500 rows of which 3 are far out, gone through 500 times by 6,000 parameters.</summary>
    [TestMethod]
    public void Many_epochs_and_parameters_for_few_rows_are_warned_of()
    {
        var rows = NormalRows.Make(500);
        for (int i = 0; i < 3; i++)
        {
            int every = i + 2;
            rows[100 * (i + 1)].Features = [.. Enumerable.Range(0, NormalRow.FeatureCount).Select(j => j % every == 0 ? 20f : -20f)];
        }
        var log = new WatchedLog();
        log.Context.Autoencoders().Dense(new AutoencoderEstimator.Options { Epochs = 500, Seed = 1 })
            .Fit(log.Context.Data.LoadFromEnumerable(rows)).Dispose();
        string? found = log.Warnings.FirstOrDefault(message => message.Contains("epochs", StringComparison.Ordinal));
        Assert.IsNotNull(found, $"warnings: {string.Join(" | ", log.Warnings)}");
        StringAssert.Contains(found, "parameters");
        StringAssert.Contains(found, "500 ");
    }

    /// <summary>The demo's breast-cancer model: 286 normal rows of 30 features, 30-16-8-16-30, 60 epochs; and the defaults.</summary>
    [TestMethod]
    [DataRow(286, 30, true)]
    [DataRow(1000, 20, false)]
    public void An_ordinary_fit_has_no_warning(int count, int width, bool isDemo)
    {
        var log = new WatchedLog();
        var options = new AutoencoderEstimator.Options { Seed = 1 };
        if (isDemo)
            (options.Network, options.Code, options.Epochs) = (new DenseNetworkOptions { Hidden = [16] }, new CodeOptions { Size = 8 }, 60);
        log.Context.Autoencoders().Dense(options).Fit(new GeneratedView(count, width)).Dispose();
        Assert.IsEmpty(log.Warnings, string.Join(" | ", log.Warnings));
    }
}
