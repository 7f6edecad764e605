using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Scaling by median and quartiles.</summary>
[TestClass]
public sealed class RobustScalingTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void It_is_by_median_and_the_distance_of_the_quartiles()
    {
        var rows = Rows.Make(101);

        // A few wild values, a feature that mostly is one value, and a constant.
        for (int i = 0; i < 5; i++)
            rows[i * 20].Features[0] = 1e6f;
        for (int i = 0; i < rows.Length; i++)
            (rows[i].Features[3], rows[i].Features[4]) = (i % 10 == 0 ? 5 : 0, 7.5f);
        using var model = Rows.Fit(s_ml, options => options.Scaling = InputScaling.Robust, s_ml.Data.LoadFromEnumerable(rows));
        for (int j = 0; j < 3; j++)
        {
            // Of 101 values, the quartiles are the 26th, the 51st and the 76th.
            float[] sorted = [.. rows.Select(row => row.Features[j]).Order()];
            Assert.AreEqual(sorted[50], model.Metadata.ScalingOffsets[j]);
            Assert.AreEqual(sorted[75] - sorted[25], model.Metadata.ScalingScales[j]);
        }
        Assert.AreEqual(0, model.Metadata.ScalingOffsets[3]);
        double share = rows.Count(row => row.Features[3] > 0) / 101.0;
        Assert.AreEqual(5 * Math.Sqrt(share * (1 - share)), model.Metadata.ScalingScales[3], 1e-6);
        Assert.AreEqual((7.5f, 1f), (model.Metadata.ScalingOffsets[4], model.Metadata.ScalingScales[4]));
        Assert.AreEqual("robust", model.Metadata.Scaling);
        Parity.Check(s_ml, new AutoencoderEstimator.Options { Network = new DenseNetworkOptions { Hidden = [6] },
            Code = new CodeOptions { Size = 2 }, Scaling = InputScaling.Robust, Epochs = 2, Seed = 1 }, Rows.View(s_ml, 50), 7, 1e-5);
    }

    /// <summary>200,000 rows: the quartiles are those of 100,000 of them.</summary>
    [TestMethod]
    public void Of_many_rows_a_sample_gives_the_quartiles()
    {
        const int count = 200_000;
        var options = new AutoencoderEstimator.Options { Network = new DenseNetworkOptions { Hidden = [] },
            Code = new CodeOptions { Size = 1 }, Scaling = InputScaling.Robust, Epochs = 0, Seed = 1 };
        using var model = s_ml.Autoencoders().Dense(options).Fit(new GeneratedView(count, 2));

        // The first feature is uniform: five standard errors of a median and of a quartile are 0.008 and 0.007.
        Assert.AreEqual(0.5, model.Metadata.ScalingOffsets[0], 0.008);
        Assert.AreEqual(0.5, model.Metadata.ScalingScales[0], 0.014);
    }
}
