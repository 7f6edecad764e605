using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The temporal convolutional network from training to graph.</summary>
[TestClass]
public sealed class TemporalConvolutionTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static readonly Dictionary<string, TemporalConvolutionNetworkOptions> s_networks = new()
    {
        ["default"] = new() { Width = 32 },
        ["causal"] = new() { Width = 32, IsCausal = true },
        ["a width that pooling does not divide"] =
            new() { Width = 21, Filters = [4, 6], Pooling = 5, Normalization = Normalization.Batch },
        ["causal, an even kernel, far apart"] = new() { Width = 13, Filters = [3, 3], KernelSize = 2, Dilations = [7, 1], IsCausal = true,
            Pooling = 2, Activation = Activation.Tanh, Normalization = Normalization.Batch },
        ["3 channels, a wide kernel"] = new() { Channels = 3, Width = 10, Filters = [5], KernelSize = 5, Pooling = 3 },
        ["as many filters as channels"] = new() { Channels = 2, Width = 8, Filters = [2, 2], Dilations = [1, 3], Pooling = 1 },
        ["a kernel that reaches over the window"] = new() { Width = 2, Filters = [3, 4], Dilations = [4, 9] },
        ["a kernel of one step"] = new() { Width = 5, Filters = [3], KernelSize = 1, Pooling = 2, Activation = Activation.LeakyReLU },
    };

    private static readonly Dictionary<string, Action<AutoencoderEstimator.Options>> s_combinations = new()
    {
        ["variational"] = options => options.Code = options.Code with { Variational = new VariationalOptions() },
        ["conditional"] = options => options.ConditionColumnName = "Side",
        ["masked"] = options => options.Masking = new Masking { ScoreRounds = 1 },
        ["contractive"] = options => options.Penalties = [new ContractivePenalty(0.01)],
    };

    public static IEnumerable<object[]> Networks => s_networks.Keys.Select(name => new object[] { name });

    public static IEnumerable<object[]> Combinations =>
        from combination in s_combinations.Keys from isCausal in new[] { false, true } select new object[] { combination, isCausal };

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Reconstruction_by_ONNX_Runtime_equals_libtorchs_on_trained_weights(string network)
    {
        foreach (int batch in new[] { 1, 7 })
            Parity.Check(s_ml, Options(s_networks[network]), Windows(s_networks[network], 40), batch, 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(Combinations))]
    public void It_combines_with_what_other_networks_combine_with(string combination, bool isCausal)
    {
        var network = new TemporalConvolutionNetworkOptions { Channels = 2, Width = 9, Filters = [4, 5], IsCausal = isCausal };
        var options = Options(network);
        s_combinations[combination](options);
        Parity.Check(s_ml, options, Windows(network, 40), 7, 1e-5);
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void It_learns_the_waves_of_a_series(bool isCausal)
    {
        var network = new TemporalConvolutionNetworkOptions { Channels = 2, Width = 24, Filters = [8, 8, 8], IsCausal = isCausal };
        var options = Options(network);
        (options.Epochs, options.LearningRate) = (15, 0.01);
        using var model = s_ml.Autoencoders().Autoencoder(options).Fit(Windows(network, 300));
        double error = model.Transform(Windows(network, 100, seed: 8)).GetColumn<float>("Score").Average();
        Console.WriteLine($"error {error:F4} of a variance of 1");
        Assert.IsLessThan(0.1, error, "of windows that it has not seen, whose values have the variance 1");
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Only_a_causal_network_sees_nothing_of_later_steps(bool isCausal)
    {
        const int width = 12, channels = 2, filters = 3, changed = 7;
        var network = new TemporalConvolutionNetworkOptions { Channels = channels, Width = width, Filters = [5, filters],
            KernelSize = 3, IsCausal = isCausal, Pooling = 1, Activation = Activation.Tanh };
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        using var generator = new torch.Generator(1, torch.CPU);
        using var made = network.Create(channels * width, 0, 0, new CodeOptions { Size = 2 }, isMasked: false, generator);
        var rows = torch.rand([4, channels, width], generator: generator);
        var others = rows.clone();
        others.select(2, changed).zero_();
        torch.Tensor Maps(torch.Tensor windows) =>
            made.Trunk.Forward(windows.reshape(4, -1), null, new Pass(IsTraining: false, generator)).reshape(4, filters, width);
        float[] difference = NetworkValues.Of((Maps(rows) - Maps(others)).abs().amax([0, 1]));

        // Two kernels of three steps, of which the second's are two apart, reach over 2 + 4 steps, or half of that on each side.
        for (int step = 0; step < width; step++)
            Assert.AreEqual(isCausal ? step is >= changed and <= changed + 6 : Math.Abs(step - changed) <= 3, difference[step] != 0,
                $"step {step}");
    }

    [TestMethod]
    public void Its_graph_is_plain_convolutions()
    {
        const string first = "Conv Conv Relu Add", block = "Conv Relu Add";
        Assert.AreEqual($"Reshape {first} {block} MaxPool Flatten Gemm Gemm Reshape Resize Slice {block} {block} Conv Flatten",
            string.Join(' ', Nodes(new() { Width = 9, Filters = [4, 4] }).Select(node => node.OpType)));
        Assert.AreEqual($"Reshape {first} {first} Flatten Gemm Gemm Reshape {block} {first} Conv Flatten",
            string.Join(' ', Nodes(new() { Width = 9, Filters = [4, 5], Pooling = 1, Normalization = Normalization.Batch })
                .Select(node => node.OpType)));

        string Convolution(string name, bool isCausal) => string.Join("; ", Nodes(new() { Width = 9, Filters = [4, 4, 4],
            IsCausal = isCausal }).Single(node => node.Name == name).Attribute
            .Select(attribute => $"{attribute.Name} {string.Join(' ', attribute.Ints)}"));
        Assert.AreEqual("kernel_shape 1 3; pads 0 1 0 1", Convolution("encoder/convolution1", false));
        Assert.AreEqual("kernel_shape 1 3; pads 0 4 0 4; dilations 1 4", Convolution("encoder/convolution3", false));
        Assert.AreEqual("kernel_shape 1 3; pads 0 8 0 0; dilations 1 4", Convolution("decoder/convolution1", true));
        Assert.AreEqual("kernel_shape 1 1; pads 0 0 0 0", Convolution("decoder/convolution4", true));
    }

    [TestMethod]
    public void The_layers_in_the_metadata_tell_borders_and_dilations()
    {
        using var model = Untrained(new() { Width = 9, Filters = [4, 4], IsCausal = true });
        string[] layers = [.. model.Metadata.Layers.Where(layer => layer.Part == NetworkLayer.Encoder).Take(10)
            .Select(layer => $"{layer.Function} {layer.Arguments.ToJsonString()}")];
        CollectionAssert.AreEqual(new[]
        {
            """reshape {"shape":[-1,1,1,9]}""", "keep {}", """conv2d {"padding":[0,0]}""", "swap_kept {}",
            """pad {"pad":[2,0,0,0]}""", """conv2d {"padding":[0,0]}""", "relu {}", "add_kept {}",
            "keep {}", """pad {"pad":[4,0,0,0]}""",
        }, layers);
        Assert.AreEqual("""{"padding":[0,0],"dilation":[1,2]}""",
            model.Metadata.Layers.First(layer => layer.Arguments.ContainsKey("dilation")).Arguments.ToJsonString());
        StringAssert.Contains(model.Metadata.Options, "\"kind\":\"temporal_convolution\",\"channels\":1,\"width\":9,\"filters\":[4,4]," +
            "\"kernel_size\":3,\"dilations\":null,\"is_causal\":true,\"pooling\":4,");
        Assert.AreEqual("temporal-convolutional", model.Metadata.Variant);
    }

    [TestMethod]
    public void An_exported_scorer_opens_again()
    {
        using var folder = new TestFolder();
        var network = new TemporalConvolutionNetworkOptions { Channels = 2, Width = 11, Filters = [4, 6], IsCausal = true };
        var view = Windows(network, 40);
        using var model = s_ml.Autoencoders().Autoencoder(Options(network)).Fit(view);
        foreach (int opset in new[] { 12, 17, 21 })
        {
            model.ExportOnnx(null, null, folder["scorer.onnx"], new() { Opset = opset });
            using var opened = s_ml.Autoencoders().FromOnnx(folder["scorer.onnx"]);
            CollectionAssert.AreEqual(model.Transform(view).GetColumn<float>("Score").ToArray(),
                opened.Transform(view).GetColumn<float>("Score").ToArray(), $"opset {opset}");
        }
    }

    [TestMethod]
    public void Quantized_it_scores_nearly_the_same()
    {
        var network = new TemporalConvolutionNetworkOptions { Width = 16, Filters = [16, 16] };
        var view = Windows(network, 100);
        using var model = s_ml.Autoencoders().Autoencoder(Options(network)).Fit(view);
        byte[] bytes = model.ToQuantizedOnnx(view, new QuantizationOptions { Form = OnnxQuantization.Int8Weights, Force = true }, out _);
        using var quantized = s_ml.Autoencoders().FromOnnx(bytes);
        var graph = OnnxFile.Parse(bytes, "The graph").Graph;
        Assert.AreEqual(graph.Node.Count(node => node.OpType is "Conv" or "Gemm"),
            graph.Initializer.Count(tensor => tensor.DataType == TensorTypes.Int8 && tensor.Dims.Count > 1), "every layer's weight");
        float[] expected = [.. model.Transform(view).GetColumn<float>("Score")];

        // Int8 has steps of 1/127 of a unit's largest weight.
        Assert.IsLessThan(0.05 * expected.Max(), Rows.Difference(expected, quantized.Transform(view).GetColumn<float>("Score")));
    }

    [TestMethod]
    public void The_work_of_a_convolution_counts_its_steps()
    {
        const int width = 9, pooled = 3, block = 3 * 4 * 4;
        var options = Options(new() { Channels = 2, Width = width, Filters = [4, 4] });
        long convolutions = width * ((2 * 4) + (3 * 2 * 4) + block + (2 * block) + (4 * 2));
        options.Epochs = 0;
        new AutoencoderEstimator(s_ml, options).Fit(Windows((TemporalConvolutionNetworkOptions)options.Network, 20), (network, _) =>
            Assert.AreEqual(convolutions + 2 * 4 * pooled * options.Code.Size, network.MultiplyAdds)).Dispose();
    }

    [TestMethod]
    public void Every_convolution_is_looked_at_before_training_and_right_without_oneDNN()
    {
        var network = new TemporalConvolutionNetworkOptions { Width = 9, Filters = [4, 6], IsCausal = true };
        List<string> seen = [];
        var guard = new ConvolutionGuard(TorchSwitch.OneDnn, TorchSwitch.Nnpack, (layer, run) =>
        {
            seen.Add(layer.Description);
            using var off = TorchSwitch.OneDnn!.TurnOff();
            return ConvolutionCheck.FindFault(layer, run with { Derivatives = 2 });
        });
        var options = Options(network);
        options.BatchSize = 20;
        new AutoencoderEstimator(s_ml, options) { Convolutions = guard }.Fit(Windows(network, 20)).Dispose();
        string[] expected =
        [
            "1 x 1 x 9 to 4 x 1 x 9, kernels of 1 x 3, causal", "1 x 1 x 9 to 4 x 1 x 9, kernels of 1 x 1",
            "4 x 1 x 9 to 6 x 1 x 9, kernels of 1 x 3, dilation 2, causal", "4 x 1 x 9 to 6 x 1 x 9, kernels of 1 x 1",
            "6 x 1 x 9 to 6 x 1 x 9, kernels of 1 x 3, dilation 2, causal", "6 x 1 x 9 to 4 x 1 x 9, kernels of 1 x 3, causal",
            "6 x 1 x 9 to 4 x 1 x 9, kernels of 1 x 1", "4 x 1 x 9 to 1 x 1 x 9, kernels of 1 x 1",
        ];
        CollectionAssert.IsSubsetOf(expected.Select(text => $"convolution of {text}").ToArray(), seen);
    }

    [TestMethod]
    public void A_column_of_another_size_is_refused_by_name() => Fails.With<InvalidOperationException>(
        "The column 'Features' has 8 features; a window of 3 x 7 (Network.Channels, Width) has 21.",
        () => s_ml.Autoencoders().Autoencoder(Options(new() { Channels = 3, Width = 7 }))
            .Fit(Windows(new() { Channels = 1, Width = 8 }, 10)));

    private static readonly Dictionary<string, Func<TemporalConvolutionNetworkOptions, NetworkOptions>> s_refused = new()
    {
        ["The option Network.Width is 0; expected at least 2"] = network => network with { Width = 0 },
        ["The option Network.Width is 1; expected at least 2"] = network => network with { Width = 1 },
        ["The option Network.Channels is 0; expected at least 1"] = network => network with { Channels = 0 },
        ["The option Network.Filters.Count is 0; expected at least 1"] = network => network with { Filters = [] },
        ["The option Network.Filters is 0; expected at least 1"] = network => network with { Filters = [4, 0] },
        ["The option Network.KernelSize is 4; expected an odd number of at least 1 and at most 1024; an even one needs Network.IsCausal"] =
            network => network with { KernelSize = 4 },
        ["The option Network.KernelSize is 0; expected at least 1 and at most 1024"] = network =>
            network with { KernelSize = 0, IsCausal = true },
        ["The option Network.Dilations has 2 numbers; expected 3, one for each of Network.Filters"] = network =>
            network with { Dilations = [1, 2] },
        ["The option Network.Dilations is 0; expected at least 1 and at most 512 (block 2, Network.KernelSize 3)"] = network =>
            network with { Dilations = [1, 0, 1] },
        ["The option Network.Dilations is 513; expected at least 1 and at most 512 (block 3, Network.KernelSize 3)"] = network =>
            network with { Dilations = [1, 2, 513] },
        ["The option Network.Dilations is 1024; expected at least 1 and at most 512 (block 11, Network.KernelSize 3)"] = network =>
            network with { Filters = [.. Enumerable.Repeat(2, 40)] },
        ["The option Network.Pooling is 0; expected at least 1"] = network => network with { Pooling = 0 },
        ["The options Network.Normalization (Layer) and Network (temporal-convolutional) cannot be combined"] = network =>
            network with { Normalization = Normalization.Layer },
        ["The options Network.OutputActivation (Tanh) and Scaling (Standardize) cannot be combined"] = network =>
            network with { OutputActivation = Activation.Tanh },
    };

    public static IEnumerable<object[]> Refused => s_refused.Keys.Select(message => new object[] { message });

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public void Wrong_options_are_refused_by_name(string message)
    {
        var network = new TemporalConvolutionNetworkOptions { Width = 8 };
        s_ml.Autoencoders().Autoencoder(Options(network));
        var options = Options(network);
        options.Network = s_refused[message](network);
        Fails.As<ArgumentException>(message, () => s_ml.Autoencoders().Autoencoder(options));
    }

    private static IEnumerable<NodeProto> Nodes(TemporalConvolutionNetworkOptions network)
    {
        using var model = Untrained(network);
        return OnnxFile.Parse(DenseTests.Scorer(model), "The graph").Graph.Node.Where(
            node => node.Name.Split('/')[0] is "encoder" or "decoder");
    }

    private static AutoencoderTransformer Untrained(TemporalConvolutionNetworkOptions network)
    {
        var options = Options(network);
        (options.Epochs, options.Scaling) = (0, InputScaling.None);
        return s_ml.Autoencoders().Autoencoder(options).Fit(Windows(network, 10));
    }

    private static AutoencoderEstimator.Options Options(TemporalConvolutionNetworkOptions network) => new()
    {
        Network = network,
        Code = new CodeOptions { Size = 4 },
        Epochs = 2,
        Seed = 3,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };

    /// <summary>Windows of sines, each channel of another frequency, at random places of the series.</summary>
    private static IDataView Windows(TemporalConvolutionNetworkOptions network, int count, int seed = 7)
    {
        var random = new Random(seed);
        var schema = SchemaDefinition.Create(typeof(WindowRow));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, network.Channels * network.Width);
        return s_ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
        {
            double start = 100 * random.NextDouble();
            return new WindowRow
            {
                Features = [.. from channel in Enumerable.Range(0, network.Channels)
                               from step in Enumerable.Range(0, network.Width)
                               select (float)Math.Sin((start + step) / (2 + channel))],
                Side = [random.NextSingle(), random.NextSingle()],
            };
        }).ToArray(), schema);
    }

    private sealed class WindowRow
    {
        public float[] Features { get; set; } = [];

        [VectorType(2)]
        public float[] Side { get; set; } = [];
    }
}
