using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Stacks of layers, with all that a dense layer may have.</summary>
[TestClass]
public sealed class DeepTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> ActivationsAndNormalizations =>
        from activation in Enum.GetValues<Activation>()
        from normalization in Enum.GetValues<Normalization>()
        select new object[] { activation, normalization };

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Held_out_digits_come_back_better_than_from_as_many_principal_components(int seed)
    {
        using var model = ScaledDigits.Fit(s_ml, ScaledDigits.Options(hidden: [64, 32], code: 8, seed, epochs: 100));
        double error = ScaledDigits.HeldOutError(s_ml, model),
            pca = new PrincipalSubspace(ScaledDigits.Train).Error(ScaledDigits.HeldOut, 8);
        Console.WriteLine($"held-out error {error:F5}, PCA with 8 components {pca:F5}");
        Assert.IsLessThan(pca, error);
    }

    [TestMethod]
    [DynamicData(nameof(ActivationsAndNormalizations))]
    public void Graph_equals_libtorch_for_each_activation_and_normalization(Activation activation, Normalization normalization)
    {
        var options = Options(new DenseNetworkOptions { Hidden = [16, 8], Activation = activation, Normalization = normalization });
        options.Code = options.Code with { Activation = activation };
        Parity.Check(s_ml, options, Rows.View(s_ml, 256), batch: 7, 1e-5);
    }

    [TestMethod]
    [DataRow("dropout")]
    [DataRow("tied")]
    [DataRow("asymmetric")]
    [DataRow("without hidden layers")]
    [DataRow("all but asymmetric")]
    public void Graph_equals_libtorch_for_each_kind_of_stack(string kind)
    {
        var network = kind switch
        {
            "dropout" => new DenseNetworkOptions { Hidden = [16, 8], Dropout = 0.3 },
            "tied" => new DenseNetworkOptions { Hidden = [16, 8], TiedWeights = true },
            "asymmetric" => new DenseNetworkOptions { Hidden = [16, 8], DecoderHidden = [4, 12, 20] },
            "without hidden layers" => new DenseNetworkOptions { Hidden = [] },
            _ => new DenseNetworkOptions { Hidden = [16, 8], Dropout = 0.3, TiedWeights = true, Normalization = Normalization.Batch,
                Activation = Activation.GELU },
        };
        Parity.Check(s_ml, Options(network), Rows.View(s_ml, 256), batch: 7, 1e-5);
    }

    [TestMethod]
    public void Batch_normalization_is_folded_and_dropout_left_out_of_the_graph()
    {
        string[] plain = Operators(network => network);
        CollectionAssert.AreEqual(plain, Operators(network => network with { Normalization = Normalization.Batch }), "batch normalization");
        CollectionAssert.AreEqual(plain, Operators(network => network with { Dropout = 0.5 }), "dropout");
        CollectionAssert.AreEqual(plain, Operators(network => network with { TiedWeights = true }), "tied weights");
        CollectionAssert.AreNotEqual(plain, Operators(network => network with { Normalization = Normalization.Layer }),
            "layer normalization depends on the row");

        static string[] Operators(Func<DenseNetworkOptions, DenseNetworkOptions> change) =>
            NetworkValues.Operators(Rows.Fit(s_ml, options =>
            options.Network = change(new DenseNetworkOptions { Hidden = [6] })));
    }

    [TestMethod]
    public void Tied_weights_are_the_encoders_transposed_and_trained_once()
    {
        NetworkValues.Inspect(s_ml, Options(new DenseNetworkOptions { Hidden = [7], TiedWeights = true }), Rows.View(s_ml, 100),
            (network, _) =>
        {
            var encoder = ((DenseStack)network.Trunk).Layers[0];
            var decoder = ((DenseStack)network.Decoder).Layers;
            CollectionAssert.AreEqual(NetworkValues.Of(encoder.Weight), NetworkValues.Of(decoder[1].Weight.t()));
            CollectionAssert.AreEqual(NetworkValues.Of(network.CodeLayer.Units.Weight), NetworkValues.Of(decoder[0].Weight.t()));
            Assert.AreEqual(2, network.Weights.Count());
            Assert.AreEqual(7 * 5 + 2 * 7 + 7 + 2 + 7 + 5, network.ParameterCount, "the weights once, and four biases");
        });
    }

    /// <summary>Srivastava et al. 2014, inverted: a share of the units is 0, the others are scaled up, so that the mean stays.</summary>
    [TestMethod]
    public void Dropout_leaves_out_its_share_and_keeps_the_mean_and_only_while_training()
    {
        const int width = 50, count = 2000;
        using var generator = new TorchSharp.torch.Generator(5, TorchSharp.torch.CPU);
        using var layer = new DenseLayer("layer", 3, width, Activation.Sigmoid, generator, dropout: 0.3);
        using var rows = TorchSharp.torch.rand([count, 3], dtype: TorchSharp.torch.ScalarType.Float32, generator: generator);
        float[] kept = NetworkValues.Of(layer.Forward(rows, null, new Pass(false, generator))),
            dropped = NetworkValues.Of(layer.Forward(rows, null, new Pass(true, generator)));
        for (int i = 0; i < kept.Length; i++)
            Assert.AreEqual(dropped[i] == 0 ? 0 : kept[i] / 0.7, dropped[i], 1e-6);

        // Five standard deviations of the share of 100,000 draws.
        Assert.AreEqual(0.3, dropped.Count(value => value == 0) / (double)dropped.Length, 5 * Math.Sqrt(0.3 * 0.7 / (width * count)));
    }

    private static AutoencoderEstimator.Options Options(DenseNetworkOptions network)
    {
        var options = Rows.Options();
        options.Network = network;
        options.Epochs = 3;
        return options;
    }
}
