using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Networks that are put together from layers: what fits together, and what is refused by name.</summary>
[TestClass]
public sealed class LayersNetworkTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void The_same_layers_train_as_the_dense_network_does()
    {
        // The same weights from the same generator, and the same steps; the two sum in another order.
        var dense = VariantRows.Options();
        dense.Network = new DenseNetworkOptions { Hidden = [10, 6], Activation = Activation.Tanh };
        var layers = VariantRows.Options();
        layers.Network = new LayersNetworkOptions
        {
            Encoder = [Layer.Dense(10), Layer.Activate(Activation.Tanh), Layer.Dense(6), Layer.Activate(Activation.Tanh)],
            Decoder = [Layer.Dense(6), Layer.Activate(Activation.Tanh), Layer.Dense(10), Layer.Activate(Activation.Tanh)],
        };
        using var expected = s_ml.Autoencoders().Autoencoder(dense).Fit(VariantRows.View(s_ml, 200));
        using var model = s_ml.Autoencoders().Autoencoder(layers).Fit(VariantRows.View(s_ml, 200));
        foreach (var (first, second) in expected.History.Zip(model.History))
            Assert.AreEqual(first.Loss, second.Loss, 1e-4 * first.Loss);
    }

    public static IEnumerable<object[]> Misfits =>
    [
        ["Network.Encoder[0]", "put Layer.Image before it", new LayersNetworkOptions { Encoder = [Layer.Convolution(4)] }],
        ["Network.Encoder[1]", "takes a vector", new LayersNetworkOptions { Encoder = [Layer.Image(1, 3, 4), Layer.Image(1, 3, 4)] }],
        ["Network.Decoder[1]", "takes 12 values", new LayersNetworkOptions { Decoder = [Layer.Dense(11), Layer.Image(1, 3, 4)] }],
        ["Network.Encoder[1]", "must keep the shape",
            new LayersNetworkOptions { Encoder = [Layer.Dense(5), Layer.Residual(Layer.Dense(6))] }],
        ["Network.Encoder[0]", "follows no dense layer",
            new LayersNetworkOptions { Encoder = [Layer.Normalize(Normalization.Batch)] }],
        ["Network.Encoder[1]", "over the units of a vector",
            new LayersNetworkOptions { Encoder = [Layer.Image(1, 3, 4), Layer.Normalize(Normalization.Layer)] }],
        ["Network.Encoder[0].Units", "at least 1", new LayersNetworkOptions { Encoder = [Layer.Dense(0)] }],
        ["Network.Encoder[0].Layers[0].Share", "less than 1",
            new LayersNetworkOptions { Encoder = [Layer.Residual(Layer.Dropout(1))] }],
        ["Network.Encoder[1].KernelSize", "odd",
            new LayersNetworkOptions { Encoder = [Layer.Image(1, 3, 4), Layer.Convolution(2, kernelSize: 2)] }],
        ["Network.Normalization", "use Layer.Normalize", new LayersNetworkOptions { Normalization = Normalization.Batch }],
        ["Network.Activation", "use Layer.Activate", new LayersNetworkOptions { Activation = Activation.Tanh }],
    ];

    [TestMethod]
    [DynamicData(nameof(Misfits))]
    public void What_does_not_fit_together_is_refused_when_the_estimator_is_made(string place, string problem, NetworkOptions network)
    {
        var options = VariantRows.Options();
        options.Network = network;
        var refusal = Assert.Throws<ArgumentException>(() => s_ml.Autoencoders().Autoencoder(options));
        StringAssert.Contains(refusal.Message, place);
        StringAssert.Contains(refusal.Message, problem);
    }

    [TestMethod]
    public void A_condition_needs_a_layer_that_takes_it()
    {
        var options = VariantRows.Options();
        (options.ConditionColumnName, options.Code) = ("Key", new CodeOptions { Size = 12 });
        options.Network = new LayersNetworkOptions { Decoder = [Layer.Image(1, 3, 4), Layer.Convolution(1)] };
        Fails.As<ArgumentException>("begin with one", () => s_ml.Autoencoders().Autoencoder(options));
        options.Network = new LayersNetworkOptions
        {
            Encoder = [Layer.Image(1, 3, 4), Layer.Convolution(2)],
            Decoder = [Layer.Dense(12), Layer.Image(1, 3, 4), Layer.Convolution(1)],
        };
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 30));
        Assert.IsTrue(model.Transform(VariantRows.View(s_ml, 30)).GetColumn<float>("Score").All(float.IsFinite));
    }

    [TestMethod]
    public void What_only_the_data_tell_is_refused_by_Fit()
    {
        void Refuses(string words, LayersNetworkOptions network)
        {
            var options = VariantRows.Options();
            options.Network = network;
            var estimator = s_ml.Autoencoders().Autoencoder(options);
            Fails.As<Exception>(words, () => estimator.Fit(VariantRows.View(s_ml, 20)));
        }
        Refuses("takes 20 values (1 x 4 x 5), and gets 12", new LayersNetworkOptions { Encoder = [Layer.Image(1, 4, 5)] });
        Refuses("must keep the shape", new LayersNetworkOptions { Encoder = [Layer.Residual(Layer.Dense(7))] });
        Refuses("has 12 features; the image of 2 x 3 x 4 that the decoder ends in has 24",
            new LayersNetworkOptions { Decoder = [Layer.Dense(24), Layer.Image(2, 3, 4)] });
    }
}
