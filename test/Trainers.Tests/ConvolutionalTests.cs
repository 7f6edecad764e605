using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Samples;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The convolutional autoencoder from training to graph.</summary>
[TestClass]
public sealed class ConvolutionalTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    /// <summary>Networks over images of many shapes, by what is special about them.</summary>
    private static readonly Dictionary<string, ConvolutionalNetworkOptions> s_networks = new()
    {
        ["28x28 pooled three times"] = new() { Height = 28, Width = 28, Filters = [4, 6, 8] },
        ["28x28 pooled three times, transposed"] =
            new() { Height = 28, Width = 28, Filters = [4, 6, 8], Upsampling = Upsampling.TransposedConvolution },
        ["8x8"] = new() { Height = 8, Width = 8 },
        ["8x8 transposed, normalized"] = new() { Height = 8, Width = 8, Upsampling = Upsampling.TransposedConvolution,
            Normalization = Normalization.Batch },
        ["13x9, 3 channels"] = new() { Channels = 3, Height = 13, Width = 9, Filters = [6, 8, 10], Activation = Activation.LeakyReLU },
        ["13x9, 3 channels, interleaved, normalized"] =
            new() { Channels = 3, Height = 13, Width = 9, Layout = ImageLayout.Interleaved, Normalization = Normalization.Batch,
            Activation = Activation.ELU },
        ["13x9, 2 channels, interleaved, transposed"] =
            new() { Channels = 2, Height = 13, Width = 9, Layout = ImageLayout.Interleaved, Upsampling = Upsampling.TransposedConvolution,
            OutputActivation = Activation.Sigmoid },
        ["pooling by 3 and 1, wide kernel, hidden layers"] =
            new() { Height = 11, Width = 8, Filters = [5, 7], Pooling = [3, 1], KernelSize = 5, Hidden = [20, 12],
            Activation = Activation.Tanh, Normalization = Normalization.Batch },
        ["pooling by 4 and 1, transposed"] = new() { Height = 10, Width = 7, Filters = [5, 7], Pooling = [4, 1], KernelSize = 5,
            Upsampling = Upsampling.TransposedConvolution, Activation = Activation.GELU },
        ["one row of pixels"] = new() { Height = 1, Width = 21, Filters = [4, 6], Activation = Activation.Softplus },
        ["kernel of one pixel"] = new() { Height = 4, Width = 4, Filters = [3], KernelSize = 1, Activation = Activation.SELU },
    };

    public static IEnumerable<object[]> NetworksAndBatches =>
        from network in s_networks.Keys from batch in new[] { 1, 7, 256 } select new object[] { network, batch };

    [TestMethod]
    [DynamicData(nameof(NetworksAndBatches))]
    public void Reconstruction_by_ONNX_Runtime_equals_libtorchs_on_trained_weights(string network, int batch)
    {
        var options = Options(s_networks[network]);
        Parity.Check(s_ml, options, Images(options.Network, 300), batch, 1e-4);
    }

    [TestMethod]
    [DataRow(Upsampling.Nearest)]
    [DataRow(Upsampling.TransposedConvolution)]
    public void Every_size_is_restored_exactly(Upsampling upsampling)
    {
        for (int height = 1; height <= 12; height++)
        {
            // Which pixels are restored, and not only how many: parity of images that a cut on the wrong side would shift.
            var network = new ConvolutionalNetworkOptions { Channels = 2, Height = height, Width = 14 - height, Filters = [3, 4],
                Pooling = [2, 1 + height % 3], Upsampling = upsampling };
            var options = Options(network);
            options.Epochs = 0;
            Parity.Check(s_ml, options, Images(network, 3), 3, 1e-4);

            using var scope = torch.NewDisposeScope();
            using var generator = new torch.Generator(1, torch.CPU);
            using var untrained = network.Create(2 * height * (14 - height), 0, 0, options.Code, isMasked: false, generator);
            var rows = torch.rand([5, 2 * height * (14 - height)], generator: generator);
            CollectionAssert.AreEqual(rows.shape, untrained.Forward(rows, null, new Pass(IsTraining: true, generator)).shape,
                $"{height} x {14 - height}");
        }
    }

    [TestMethod]
    public void A_pixel_is_reconstructed_at_its_own_place()
    {
        // One bright pixel somewhere: as many units as places, so that a network that keeps to the places learns it.
        var network = new ConvolutionalNetworkOptions { Channels = 2, Height = 3, Width = 5, Filters = [16],
            Layout = ImageLayout.Interleaved };
        var options = Options(network);
        (options.Code, options.Epochs, options.LearningRate, options.BatchSize) = (options.Code with { Size = 30 }, 300, 0.01, 30);
        float[][] rows = [.. Enumerable.Range(0, 30).Select(i => Enumerable.Range(0, 30).Select(j => i == j ? 1f : 0f).ToArray())];
        using var model = new AutoencoderEstimator(s_ml, options).Fit(View(rows));
        float[][] reconstructions = [.. model.Transform(View(rows)).GetColumn<float[]>("Reconstruction")];
        int found = reconstructions.Where((row, i) => Array.IndexOf(row, row.Max()) == i).Count();
        Assert.IsGreaterThanOrEqualTo(28, found);
    }

    [TestMethod]
    public void Interleaved_pixels_give_what_planar_ones_give()
    {
        ConvolutionalNetworkOptions Network(ImageLayout layout) =>
            new() { Channels = 3, Height = 7, Width = 5, Filters = [4, 6], Layout = layout };
        float[][] planar = MakeImages(Network(ImageLayout.Planar), 100);
        float[][] interleaved = [.. planar.Select(row => Interleave(row, 3))];
        using var first = new AutoencoderEstimator(s_ml, Options(Network(ImageLayout.Planar))).Fit(View(planar));
        using var second = new AutoencoderEstimator(s_ml, Options(Network(ImageLayout.Interleaved))).Fit(View(interleaved));
        var (expected, actual) = (first.Transform(View(planar)), second.Transform(View(interleaved)));

        // The same operations on the same numbers in the same order: bit for bit.
        CollectionAssert.AreEqual(All(expected, "Code").ToArray(), All(actual, "Code").ToArray());
        CollectionAssert.AreEqual(
            expected.GetColumn<float[]>("Reconstruction").SelectMany(row => Interleave(row, 3)).ToArray(),
            All(actual, "Reconstruction").ToArray());

        // The mean over the features adds up in another order: a few units in the last place.
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(expected.GetColumn<float>("Score"), actual.GetColumn<float>("Score")));
    }

    [TestMethod]
    [DataRow(Upsampling.Nearest, 8 * 8)]
    [DataRow(Upsampling.TransposedConvolution, 4 * 4)]
    public void The_work_of_a_convolution_counts_its_pixels(Upsampling upsampling, int places)
    {
        var options = Options(new() { Channels = 2, Height = 8, Width = 8, Filters = [4], KernelSize = 3, Hidden = [],
            Upsampling = upsampling });
        options.Epochs = 0;
        const int kernel = 3 * 3, pooled = 4 * 4 * 4;
        long convolutions = (8 * 8 * kernel * 2 * 4) + (places * kernel * 4 * 4) + (8 * 8 * kernel * 4 * 2);
        new AutoencoderEstimator(s_ml, options).Fit(Images(options.Network, 20), (network, _) =>
            Assert.AreEqual(convolutions + 2 * pooled * options.Code.Size, network.MultiplyAdds)).Dispose();
    }

    [TestMethod]
    public void A_second_fit_gives_the_same_bytes()
    {
        var options = Options(new() { Channels = 2, Height = 9, Width = 6, Normalization = Normalization.Batch });
        var view = Images(options.Network, 100);
        var estimator = s_ml.Autoencoders().Convolutional(options);
        CollectionAssert.AreEqual(DenseTests.Scorer(estimator.Fit(view)), DenseTests.Scorer(estimator.Fit(view)));
    }

    [TestMethod]
    public void Held_out_digits_are_reconstructed_better_than_by_a_dense_network_as_deep_with_no_fewer_parameters()
    {
        var data = DataSets.Digits(s_ml);
        var pixels = s_ml.Transforms.CopyColumns("Features", data.Features[0]);
        var train = pixels.Fit(data.Train).Transform(data.Train);
        var heldOut = pixels.Fit(data.Test).Transform(s_ml.Data.TakeRows(data.Test, 301));
        Assert.IsTrue(heldOut.GetColumn<float>(DataSets.Label).All(label => label == 0));

        // The same training for both; the benchmark 'convolution' has more networks, trainings and seeds.
        (double Error, long Parameters) Measure(NetworkOptions network)
        {
            long parameters = 0;
            var options = new AutoencoderEstimator.Options { Network = network, Scaling = InputScaling.None, Epochs = 100,
                LearningRate = 3e-3, Seed = 1 };
            using var model = new AutoencoderEstimator(s_ml, options).Fit(train, (trained, _) => parameters = trained.ParameterCount);
            return (model.Transform(heldOut).GetColumn<float>("Score").Average(), parameters);
        }

        var convolutional = Measure(new ConvolutionalNetworkOptions { Height = 8, Width = 8, Normalization = Normalization.Batch });
        var dense = Measure(new DenseNetworkOptions { Hidden = [72, 36] });
        Assert.IsGreaterThanOrEqualTo(convolutional.Parameters, dense.Parameters);
        Assert.IsLessThan(0.95 * dense.Error, convolutional.Error);
    }

    [TestMethod]
    [DataRow(Upsampling.Nearest)]
    [DataRow(Upsampling.TransposedConvolution)]
    public void Told_a_key_its_graphs_agree_with_libtorch(Upsampling upsampling)
    {
        var options = Options(new() { Channels = 2, Height = 9, Width = 6, Hidden = upsampling == Upsampling.Nearest ? [] : [10],
            Upsampling = upsampling });
        options.ConditionColumnName = "Kind";
        Parity.Check(s_ml, options, Keyed(Images(options.Network, 300)), 7, 1e-4);
    }

    [TestMethod]
    public void It_combines_with_what_dense_networks_combine_with()
    {
        var options = Options(new() { Channels = 2, Height = 9, Width = 6, Normalization = Normalization.Batch });
        options.Code = options.Code with { Variational = new VariationalOptions() };
        options.Corruption = new GaussianCorruption(0.1);
        options.Penalties = [new L1Penalty(0.01), new ContractivePenalty(0.01)];
        options.ConditionColumnName = "Kind";
        Parity.Check(s_ml, options, Keyed(Images(options.Network, 300)), 7, 1e-4);
    }

    [TestMethod]
    public void Its_graph_has_no_more_nodes_than_it_needs()
    {
        const string encoder = "Reshape Conv Relu MaxPool Conv Relu MaxPool Flatten Gemm", last = "Conv Flatten";
        Assert.AreEqual($"{encoder} Gemm Relu Reshape Resize Conv Relu Resize Conv Relu {last}",
            Operators(new() { Height = 8, Width = 8, Normalization = Normalization.Batch }));
        Assert.AreEqual($"{encoder} Gemm Relu Reshape Resize Slice Conv Relu Resize Slice Conv Relu {last}",
            Operators(new() { Height = 13, Width = 9, Layout = ImageLayout.Interleaved }));
        Assert.AreEqual($"{encoder} Gemm Relu Reshape ConvTranspose Relu ConvTranspose Relu {last}",
            Operators(new() { Height = 13, Width = 9, Upsampling = Upsampling.TransposedConvolution,
            Normalization = Normalization.Batch }));
        Assert.AreEqual("Reshape Transpose Conv Relu Flatten Gemm Gemm Relu Reshape Conv Relu Conv Transpose Flatten", Operators(new()
        {
            Channels = 2, Height = 8, Width = 8, Filters = [4], Pooling = [1], Layout = ImageLayout.Interleaved,
        }));

        static string Operators(ConvolutionalNetworkOptions network)
        {
            var options = Options(network);
            (options.Epochs, options.Scaling, options.ScoringMissingValues) = (1, InputScaling.None, ScoringMissingValues.NaN);
            var model = new AutoencoderEstimator(s_ml, options).Fit(Images(network, 10));
            var graph = OnnxFile.Parse(DenseTests.Scorer(model), "The graph").Graph;
            return string.Join(' ', graph.Node.Where(
                node => node.Name.StartsWith("encoder/", StringComparison.Ordinal)
                || node.Name.StartsWith("decoder/", StringComparison.Ordinal)).Select(node => node.OpType));
        }
    }

    [TestMethod]
    public void Saved_and_loaded_it_gives_the_same()
    {
        using var folder = new TestFolder();
        var options = Options(new() { Channels = 3, Height = 13, Width = 9, Layout = ImageLayout.Interleaved,
            Normalization = Normalization.Batch });
        options.ConditionColumnName = "Kind";
        var view = Keyed(Images(options.Network, 200));
        using var model = s_ml.Autoencoders().Convolutional(options).Fit(view);
        s_ml.Model.Save(model, view.Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out DataViewSchema? _);
        var stock = s_ml.Model.Load(folder["model.zip"], out DataViewSchema _).Transform(view);
        var (expected, actual) = (model.Transform(view), loaded.Transform(view));
        Assert.AreEqual("conditional convolutional", loaded.Metadata.Variant);
        StringAssert.Contains(loaded.Metadata.Options, "\"channels\":3,\"height\":13,\"width\":9,\"layout\":\"Interleaved\"," +
            "\"filters\":[16,32],\"kernel_size\":3,\"pooling\":null,\"upsampling\":\"Nearest\",\"hidden\":[]");
        foreach (string column in new[] { "Code", "Reconstruction", "FeatureErrors" })
        {
            CollectionAssert.AreEqual(All(expected, column).ToArray(), All(actual, column).ToArray(), column);

            // ML.NET's own transformer runs row by row: other kernels, a few units in the last place.
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(All(expected, column), All(stock, column)), column);
        }
    }

    [TestMethod]
    public void The_simple_overload_sets_what_it_says()
    {
        using var model = s_ml.Autoencoders().Convolutional(
            "Features", 6, 4, channels: 2, filters: [3], code: 5, epochs: 1, batchSize: 16, seed: 4)
            .Fit(Images(new ConvolutionalNetworkOptions { Channels = 2, Height = 6, Width = 4 }, 50));
        Assert.AreEqual("convolutional", model.Metadata.Variant);
        Assert.AreEqual(5, model.Metadata.CodeSize);
        StringAssert.Contains(model.Metadata.Options, "\"channels\":2,\"height\":6,\"width\":4,\"layout\":\"Planar\",\"filters\":[3]");
        StringAssert.Contains(model.Metadata.Options, "\"epochs\":1,\"batch_size\":16,");
        Assert.AreEqual(4, model.Metadata.Seed);
    }

    [TestMethod]
    public void A_column_of_another_size_is_refused_by_name()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => s_ml.Autoencoders().Convolutional("Features", 7, 5, channels: 3)
            .Fit(Images(new ConvolutionalNetworkOptions { Height = 8, Width = 8 }, 10)));
        StringAssert.Contains(
            error.Message, "The column 'Features' has 64 features; an image of 3 x 7 x 5 (Network.Channels, Height, Width) has 105");
    }

    private static readonly Dictionary<string, Func<ConvolutionalNetworkOptions, NetworkOptions>> s_refused = new()
    {
        ["The option Network.Height is 0; expected at least 1"] = network => network with { Height = 0 },
        ["The option Network.Width is 0; expected at least 1"] = network => network with { Width = 0 },
        ["The option Network.Channels is 0; expected at least 1"] = network => network with { Channels = 0 },
        ["The option Network.Layout is 9; expected one of Planar, Interleaved"] = network => network with { Layout = (ImageLayout)9 },
        ["The option Network.Filters.Count is 0; expected at least 1"] = network => network with { Filters = [] },
        ["The option Network.Filters is 0; expected at least 1"] = network => network with { Filters = [4, 0] },
        ["The option Network.KernelSize is 4; expected an odd number of at least 1"] = network => network with { KernelSize = 4 },
        ["The option Network.Pooling has 1 factors; expected 2, one for each of Network.Filters"] = network =>
            network with { Pooling = [2] },
        ["The option Network.Pooling is 0; expected at least 1"] = network => network with { Pooling = [2, 0] },
        ["The option Network.Pooling shrinks the image of block 4 by 2, which is a single pixel already"] = network =>
            network with { Filters = [4, 4, 4, 4] },
        ["The option Network.Upsampling is 9; expected one of Nearest, TransposedConvolution"] = network =>
            network with { Upsampling = (Upsampling)9 },
        ["The option Network.Hidden is 0; expected at least 1"] = network => network with { Hidden = [0] },
        ["The options Network.Normalization (Layer) and Network (convolutional) cannot be combined"] = network =>
            network with { Normalization = Normalization.Layer },
        ["The options Network.OutputActivation (Tanh) and Scaling (Standardize) cannot be combined"] = network =>
            network with { OutputActivation = Activation.Tanh },
    };

    public static IEnumerable<object[]> Refused => s_refused.Keys.Select(message => new object[] { message });

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public void Wrong_options_are_refused_by_name(string message)
    {
        var network = new ConvolutionalNetworkOptions { Height = 8, Width = 8 };
        s_ml.Autoencoders().Convolutional(new AutoencoderEstimator.Options { Network = network });
        Fails.As<ArgumentException>(message,
            () => s_ml.Autoencoders().Convolutional(new AutoencoderEstimator.Options { Network = s_refused[message](network) }));
    }

    [TestMethod]
    public void Another_kind_of_network_is_refused() => StringAssert.Contains(
        Assert.ThrowsExactly<ArgumentException>(() => s_ml.Autoencoders().Convolutional(new AutoencoderEstimator.Options())).Message,
        "The option Network is DenseNetworkOptions; a convolutional autoencoder expects ConvolutionalNetworkOptions");

    private static AutoencoderEstimator.Options Options(ConvolutionalNetworkOptions network) => new()
    {
        Network = network,
        Code = new CodeOptions { Size = 4 },
        Scaling = InputScaling.MinMax,
        Epochs = 2,
        Seed = 3,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };

    private static IDataView Images(NetworkOptions network, int count) => View(MakeImages((ConvolutionalNetworkOptions)network, count));

    /// <summary>A spot at a random place, in another brightness in each channel, over some noise.</summary>
    private static float[][] MakeImages(ConvolutionalNetworkOptions network, int count)
    {
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            double centerY = random.NextDouble() * network.Height, centerX = random.NextDouble() * network.Width;
            float[] planar = [.. from channel in Enumerable.Range(0, network.Channels)
                                 let brightness = random.NextDouble()
                                 from y in Enumerable.Range(0, network.Height)
                                 from x in Enumerable.Range(0, network.Width)
                                 select (float)(brightness * Math.Exp(-(Math.Pow(y - centerY, 2) + Math.Pow(x - centerX, 2)) / 8)
                                     + 0.1 * random.NextDouble())];
            return network.Layout == ImageLayout.Interleaved ? Interleave(planar, network.Channels) : planar;
        })];
    }

    private static float[] Interleave(float[] planar, int channels) =>
        [.. Enumerable.Range(0, planar.Length).Select(i => planar[i % channels * (planar.Length / channels) + i / channels])];

    private static IDataView View(float[][] rows)
    {
        var schema = SchemaDefinition.Create(typeof(ImageRow));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, rows[0].Length);
        return s_ml.Data.LoadFromEnumerable(rows.Select((row, i) => new ImageRow { Features = row, Name = "abc".Substring(i % 3, 1) })
            .ToArray(), schema);
    }

    private static IDataView Keyed(IDataView view) => s_ml.Transforms.Conversion.MapValueToKey("Kind", "Name").Fit(view).Transform(view);

    private static IEnumerable<float> All(IDataView view, string column) => view.GetColumn<float[]>(column).SelectMany(row => row);

    private sealed class ImageRow
    {
        public float[] Features { get; set; } = [];

        public string Name { get; set; } = "";
    }
}
