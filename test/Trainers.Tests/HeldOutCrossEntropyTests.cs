using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Held-out rows may leave [0, 1] after MinMax: the cross-entropy measures them all the same.</summary>
[TestClass]
public sealed class HeldOutCrossEntropyTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void Rows_that_are_held_out_may_leave_the_training_range()
    {
        for (int seed = 1; seed <= 10; seed++)
        {
            var options = Options(InputScaling.MinMax);
            (options.ValidationShare, options.Seed) = (0.2, seed);
            using var model = s_ml.Autoencoders().Dense(options).Fit(NormalRows.View(s_ml, 500, seed));
            Assert.IsTrue(model.History.All(epoch => double.IsFinite(epoch.ValidationLoss!.Value)), $"seed {seed}");
        }
    }

    [TestMethod]
    public void So_may_those_of_a_validation_view()
    {
        var validation = NormalRows.Make(100, seed: 8);
        validation[3].Features[2] = 50;
        using var model = s_ml.Autoencoders().Dense(Options(InputScaling.MinMax))
            .Fit(NormalRows.View(s_ml, 400), s_ml.Data.LoadFromEnumerable(validation));
        Assert.IsTrue(model.History.All(epoch => double.IsFinite(epoch.ValidationLoss!.Value)));
    }

    [TestMethod]
    public void So_may_those_of_a_binary_code()
    {
        using var model = s_ml.Autoencoders().BinaryCode(code: 4, epochs: 3, seed: 1)
            .Fit(NormalRows.View(s_ml, 400), NormalRows.View(s_ml, 100, seed: 8));
        Assert.IsTrue(model.History.All(epoch => double.IsFinite(epoch.ValidationLoss!.Value)));
    }

    /// <summary>The one formula holds in libtorch and in the graph, inside and outside [0, 1].</summary>
    [TestMethod]
    public void The_validation_loss_is_the_mean_score_of_these_rows()
    {
        var validation = NormalRows.View(s_ml, 100, seed: 8);
        using var model = s_ml.Autoencoders().Dense(Options(InputScaling.MinMax)).Fit(NormalRows.View(s_ml, 400), validation);
        var (offsets, scales) = (model.Metadata.ScalingOffsets, model.Metadata.ScalingScales);
        var scaled = NormalRows.Make(100, seed: 8).SelectMany(row => row.Features.Select((value, j) => (value - offsets[j]) / scales[j]));
        Assert.IsTrue(scaled.Any(value => value is < 0 or > 1), "some leave the range");
        double score = model.Transform(validation).GetColumn<float>("Score").Average(one => (double)one);
        Assert.AreEqual(score, model.History.Min(epoch => epoch.ValidationLoss!.Value), 1e-5);
    }

    /// <summary>Such rows do not teach the network which epoch is the best: a held-out loss below 0 would be no loss.</summary>
    [TestMethod]
    public void A_validation_row_far_outside_does_not_lower_the_validation_loss()
    {
        double Loss(float value)
        {
            var validation = NormalRows.Make(100, seed: 8);
            Array.Fill(validation[3].Features, value);
            using var model = s_ml.Autoencoders().Dense(Options(InputScaling.MinMax))
                .Fit(NormalRows.View(s_ml, 400), s_ml.Data.LoadFromEnumerable(validation));
            return model.History[^1].ValidationLoss!.Value;
        }
        Assert.IsGreaterThan(Loss(0), Loss(1000));
    }

    /// <summary>
    /// Only a scaling to the training range lets others leave it: of unscaled features, what is no share is refused, as in training rows.
    /// </summary>
    [TestMethod]
    public void Unscaled_validation_rows_outside_0_to_1_are_refused_by_row_and_feature()
    {
        IDataView Halves(float one)
        {
            var rows = Rows.Make(40);
            foreach (var row in rows)
                row.Features = [0, 0.5f, 1, 0.25f, 0.75f];
            rows[7].Features[3] = one;
            return s_ml.Data.LoadFromEnumerable(rows);
        }
        var estimator = s_ml.Autoencoders().Dense(Options(InputScaling.None));
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => estimator.Fit(Halves(0.25f), Halves(1.5f)));
        StringAssert.Contains(error.Message, "row 7 (counted from 0) has 1.5 in 'Features[3]'");
    }

    private static AutoencoderEstimator.Options Options(InputScaling scaling) => new()
    {
        Network = new DenseNetworkOptions { Hidden = [6], OutputActivation = Activation.Sigmoid },
        Code = new CodeOptions { Size = 3 },
        Loss = ReconstructionLoss.BinaryCrossEntropy,
        Scaling = scaling,
        Epochs = 3,
        Seed = 1,
    };
}
