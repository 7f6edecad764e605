using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>One hidden layer, which is the code.</summary>
[TestClass]
public sealed class VanillaTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(Activation.Linear)]
    [DataRow(Activation.Sigmoid)]
    public void Held_out_digits_come_back_better_than_from_half_as_many_principal_components(Activation output)
    {
        const int units = 32;
        var options = ScaledDigits.Options(hidden: [], units, epochs: 200);
        options.Code = options.Code with { Activation = Activation.ReLU };
        options.Network = options.Network with { OutputActivation = output };
        using var model = s_ml.Autoencoders().Vanilla(options).Fit(ScaledDigits.View(s_ml, ScaledDigits.Train));
        double error = ScaledDigits.HeldOutError(s_ml, model),
            pca = new PrincipalSubspace(ScaledDigits.Train).Error(ScaledDigits.HeldOut, units / 2);
        Console.WriteLine($"held-out error {error:F5}, PCA with {units / 2} components {pca:F5}");
        Assert.IsLessThan(pca, error);
    }

    /// <summary>
    /// Bourlard and Kamp 1988; Baldi and Hornik 1989. All rows in a step, whose noise would turn the subspace. Six
    /// units: the seventh variance is a quarter below the sixth, while those around an eighth unit differ by 3 %, so
    /// that its direction turns toward the component for tens of thousands of steps.
    /// </summary>
    [TestMethod]
    public void A_linear_one_reaches_the_error_of_principal_components_and_spans_their_subspace()
    {
        const int units = 6;
        var options = ScaledDigits.Options(hidden: [], units, epochs: 3000);
        options.LearningRate = 0.01;
        options.BatchSize = ScaledDigits.Train.Length;
        double[][] decoder = [];
        using var model = new AutoencoderEstimator(s_ml, options).Fit(ScaledDigits.View(s_ml, ScaledDigits.Train), (network, _) =>
        {
            float[] weight = NetworkValues.Of(((DenseStack)network.Decoder).Layers[0].Weight);
            decoder = [.. Enumerable.Range(0, units)
                .Select(unit => Enumerable.Range(0, ScaledDigits.FeatureCount).Select(j => (double)weight[j * units + unit]).ToArray())];
        });

        var pca = new PrincipalSubspace(ScaledDigits.Train);
        double error = ScaledDigits.Error(s_ml, model, ScaledDigits.Train, ScaledDigits.Train),
            least = pca.Error(ScaledDigits.Train, units);
        double[] cosines = PrincipalSubspace.Cosines(decoder, pca.Directions[..units]);
        Console.WriteLine(
            $"error {error:F6}, PCA's {least:F6}; variances " +
            $"{string.Join(' ', pca.Variances.Take(10).Select(variance => $"{variance:F4}"))}, cosines of the principal angles " +
            $"{string.Join(' ', cosines.Select(cosine => $"{cosine:F4}"))}");
        Assert.AreEqual(least, error, 0.02 * least);
        Assert.AreEqual(pca.Error(ScaledDigits.HeldOut, units), ScaledDigits.HeldOutError(s_ml, model), 0.02 * least, "held out");

        // Within 2 degrees, and no direction within 85 of the next components'.
        Assert.IsGreaterThan(Math.Cos(2 * Math.PI / 180), cosines[^1]);
        Assert.IsLessThan(Math.Cos(85 * Math.PI / 180), PrincipalSubspace.Cosines(decoder, pca.Directions[units..(2 * units)])[0],
            "the next components");
    }

    [TestMethod]
    public void The_simple_factory_makes_one_hidden_layer_of_rectified_units()
    {
        using var model = s_ml.Autoencoders().Vanilla(code: 3, epochs: 1, seed: 1).Fit(Rows.View(s_ml, 50));
        StringAssert.Contains(model.Metadata.Options, "\"hidden\":[]");
        StringAssert.Contains(model.Metadata.Options, "\"code\":{\"size\":3,\"activation\":\"ReLU\"");
    }

    [TestMethod]
    public void Hidden_layers_are_refused()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => s_ml.Autoencoders().Vanilla(new AutoencoderEstimator.Options()));
        StringAssert.Contains(error.Message, "is 64, 32; a vanilla autoencoder expects no hidden layers but the code");
    }
}
