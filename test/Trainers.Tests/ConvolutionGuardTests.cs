using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;
using F = TorchSharp.torch.nn.functional;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>No convolutional network is trained with wrong convolutions, whatever this machine's are.</summary>
[TestClass]
public sealed class ConvolutionGuardTests
{
    private const string Fault = "the gradient with respect to the images";

    private const string Wrongness =
        "in 'encoder/convolution1' (convolution of 1 x 8 x 8 to 16 x 8 x 8, kernels of 3 x 3, a batch of 32) "
        + $"{Fault} is not what double precision gives";

    private static TorchSwitch OneDnn => TorchSwitch.OneDnn ?? throw new AssertFailedException("This libtorch has no switch of oneDNN.");

    private static TorchSwitch Nnpack => TorchSwitch.Nnpack ?? throw new AssertFailedException("This libtorch has no switch of NNPACK.");

    [TestMethod]
    [DataRow(WhenCanceled.Throw, null)]
    [DataRow(WhenCanceled.KeepBest, null)]
    [DataRow(WhenCanceled.Throw, "canceled")]
    [DataRow(WhenCanceled.KeepBest, "canceled")]
    [DataRow(WhenCanceled.Throw, "thrown")]
    public void Wrong_convolutions_are_switched_off_for_the_fit_however_it_ends(WhenCanceled whenCanceled, string? end)
    {
        using var source = new CancellationTokenSource();
        var seen = new List<(bool OneDnn, bool Nnpack)>();
        var options = Options();
        (options.Cancellation, options.WhenCanceled) = (source.Token, whenCanceled);
        options.Progress = new DirectProgress(_ =>
        {
            seen.Add((OneDnn.IsOn, Nnpack.IsOn));
            if (end == "canceled")
                source.Cancel();
            if (end == "thrown")
                throw new NotFiniteNumberException();
        });
        using var state = new CallersState(threads: 2, gradients: false);
        try
        {
            Fit(options, Wrong(OneDnn));
            Assert.IsTrue(end is null || whenCanceled == WhenCanceled.KeepBest);
        }
        catch (Exception e) when (end is not null && e is NotFiniteNumberException or OperationCanceledException)
        {
        }
        Assert.IsNotEmpty(seen);
        Assert.IsTrue(seen.All(both => both == (false, false)));
        state.AssertLeft($"a fit without oneDNN, {end}");
    }

    [TestMethod]
    public void A_caller_who_has_switched_it_off_finds_it_off_and_nothing_is_checked()
    {
        using var off = OneDnn.TurnOff();
        using var state = new CallersState(threads: 2, gradients: true);
        var guard = new ConvolutionGuard(OneDnn, Nnpack, (_, _) => throw new AssertFailedException("Checked."));
        Assert.IsEmpty(Messages(ml => Fit(Options(), guard, ml)));
        Assert.IsFalse(OneDnn.IsOn);
        state.AssertLeft("a fit of a caller without oneDNN");
    }

    [TestMethod]
    public void It_is_told_once_and_the_network_is_that_of_libtorchs_own_convolutions()
    {
        byte[] expected;
        using (OneDnn.TurnOff())
            expected = Fit(Options(), Right());
        var guard = Wrong(OneDnn);
        byte[] first = [], second = [];
        string[] told = Messages(ml =>
        {
            first = Fit(Options(), guard, ml);
            second = Fit(Options(), guard, ml);
        });
        CollectionAssert.AreEqual(expected, first);
        CollectionAssert.AreEqual(expected, second);
        string message = Assert.ContainsSingle(told);
        StringAssert.Contains(message, $"{Wrongness}. It is off while convolutional networks are trained");
    }

    [TestMethod]
    public void Where_it_cannot_be_switched_off_the_fit_is_refused_by_name()
    {
        using var state = new CallersState(threads: 2, gradients: true);
        var options = Options();
        options.Progress = new DirectProgress(_ => Assert.Fail("It trains."));
        var guard = Wrong(oneDnn: null);

        // And not only the first one.
        for (int i = 0; i < 2; i++)
        {
            string message = Assert.ThrowsExactly<InvalidOperationException>(() => Fit(options, guard)).Message;
            StringAssert.Contains(message, Wrongness);
            StringAssert.Contains(message, "ONEDNN_MAX_CPU_ISA to SSE41 before the process starts, train with Device Cuda, or use a dense");
            state.AssertLeft("a refused fit");
        }
    }

    [TestMethod]
    public void Right_convolutions_are_left_to_oneDNN_and_nothing_is_said()
    {
        // This machine's own may be wrong: so the switch is not libtorch's.
        using var off = OneDnn.TurnOff();
        bool isOn = true;
        var options = Options();
        options.Progress = new DirectProgress(_ => Assert.IsTrue(isOn && !Nnpack.IsOn));
        using var state = new CallersState(threads: 2, gradients: true);
        foreach (var oneDnn in new[] { new TorchSwitch(() => isOn, value => isOn = value), null })
            Assert.IsEmpty(Messages(ml => Fit(options, Right(oneDnn), ml)));
        state.AssertLeft("a fit with oneDNN");
    }

    [TestMethod]
    public void A_dense_network_is_not_checked()
    {
        var options = VariantRows.Options();
        bool nnpack = Nnpack.IsOn;
        options.Progress = new DirectProgress(_ => Assert.IsTrue(Nnpack.IsOn == nnpack));
        var guard = new ConvolutionGuard(null, Nnpack, (_, _) => "everything");
        new AutoencoderEstimator(new MLContext(1), options) { Convolutions = guard }.Fit(VariantRows.View(new MLContext(1), 40)).Dispose();
    }

    [TestMethod]
    public void Every_size_of_batch_that_the_fit_runs_is_checked_once_in_a_process()
    {
        using var off = OneDnn.TurnOff();
        var runs = new List<(string Layer, ConvolutionRun Run)>();
        var guard = new ConvolutionGuard(null, Nnpack, (layer, run) =>
        {
            runs.Add((layer.Name, run));
            return null;
        });
        var options = Options();
        Fit(options, guard, heldOut: 20);
        string[] encoder = ["encoder/convolution1", "encoder/convolution2"];
        string[] all = [.. encoder, "decoder/convolution1", "decoder/convolution2", "decoder/convolution3"];
        void AssertChecked(IEnumerable<(string, ConvolutionRun)> expected)
        {
            CollectionAssert.AreEqual(expected.ToArray(), runs.Where(run => run.Layer != "probe").ToArray());
            runs.Clear();
        }

        // 100 rows in batches of 32.
        ConvolutionRun[] training = [new(32, 1), new(4, 1)], validation = [new(20, 0)];
        AssertChecked(from run in training.Concat(validation) from layer in all select (layer, run));
        Fit(options, guard, heldOut: 20);
        AssertChecked([]);

        options.Penalties = [new ContractivePenalty(0.1)];
        Fit(options, guard);
        AssertChecked(
        [
            .. encoder.Select(layer => (layer, new ConvolutionRun(32 * 4, 2))),
            .. encoder.Select(layer => (layer, new ConvolutionRun(4 * 4, 2))),
        ]);
    }

    public static IEnumerable<object?[]> Errors =>
    [
        [0, null], [1, null], [2, null],
        [0, "the result"], [0, "no number"],
        [1, "the gradient with respect to the images"], [1, "the gradient with respect to the weights"],
        [1, "the gradient with respect to the biases"],
        [2, "the second gradient with respect to the weights"],
    ];

    [TestMethod]
    [DynamicData(nameof(Errors))]
    public void The_check_finds_what_is_wrong_and_only_that(int derivatives, string? error)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1, torch.CPU);
        using var off = OneDnn.TurnOff();
        using var layer = new SpoiledLayer(error, generator);
        string? expected = error == "no number" ? "the result" : error;
        foreach (int batch in new[] { 1, 2, 3, 32, 100 })
            Assert.AreEqual(expected, ConvolutionCheck.FindFault(layer, new ConvolutionRun(batch, derivatives)), $"{batch}");
    }

    [TestMethod]
    [DataRow(1, 160)]
    [DataRow(2, 40)]
    public void Without_oneDNN_convolutions_of_random_shapes_are_right(int threads, int count)
    {
        using var scope = torch.NewDisposeScope();
        using var lease = TorchThreads.Use(threads);
        using var generator = new torch.Generator(1, torch.CPU);
        using (OneDnn.TurnOff())
            Assert.AreEqual(0, Wrong(2));
        Console.WriteLine($"{Wrong(2)} of {count} are wrong with it, {threads} threads.");

        int Wrong(int derivatives)
        {
            var random = new Random(3);
            return Enumerable.Range(0, count).Count(i =>
            {
                int kernel = 1 + 2 * random.Next(3), factor = random.Next(1, 4), filters = random.Next(1, 25);
                var small = new ImageShape(random.Next(1, 25), random.Next(1, 8), random.Next(1, 8));
                var large = new ImageShape(0, small.Height * factor, small.Width * factor);
                const Activation none = Activation.Linear;
                using ImageLayer layer = i % 2 == 0
                    ? new ConvolutionLayer("layer", small, filters, ConvolutionKernel.Square(kernel), none, Normalization.None, generator)
                    : new TransposedConvolutionLayer("layer", small, filters, kernel, large, factor, none, Normalization.None, generator);
                return ConvolutionCheck.FindFault(layer, new ConvolutionRun(random.Next(1, 33), derivatives)) is not null;
            });
        }
    }

    [TestMethod]
    [DataRow(32)]
    [DataRow(7)]
    public void The_gradients_of_a_fit_are_those_of_double_precision(int batch)
    {
        var options = Options();
        new AutoencoderEstimator(new MLContext(1), options).Fit(View(new MLContext(1)), (network, set) =>
        {
            using var scope = torch.NewDisposeScope();
            using var gradients = torch.enable_grad();
            using var generator = new torch.Generator(1, torch.CPU);
            var rows = set.InOrder(batch).First().Rows.clone();
            torch.Tensor[] single = [.. network.parameters()];
            torch.Tensor[] twice = [.. single.Select(parameter => parameter.detach().to(torch.float64).requires_grad_(true))];
            var exact = rows.to(torch.float64);
            var reconstruction = network.Forward(rows, null, new Pass(IsTraining: true, generator));
            var actual = torch.autograd.grad([F.mse_loss(reconstruction, rows)], single);
            var expected = torch.autograd.grad([F.mse_loss(Forward(twice, exact), exact)], twice);
            for (int i = 0; i < single.Length; i++)
            {
                double error = (actual[i].to(torch.float64) - expected[i]).abs().max().item<double>();
                Assert.IsLessThanOrEqualTo(1e-4 * expected[i].abs().max().item<double>(), error, $"parameter {i}");
            }
        }).Dispose();

        // The default network over 8 x 8 pixels, written out.
        static torch.Tensor Forward(torch.Tensor[] w, torch.Tensor rows)
        {
            torch.Tensor Convolve(torch.Tensor x, int i) => F.conv2d(x, w[i], w[i + 1], padding: [1, 1]);
            torch.Tensor Pool(torch.Tensor x) => F.max_pool2d(x, [2, 2], strides: [2, 2]);
            torch.Tensor Enlarge(torch.Tensor x) => x.repeat_interleave(2, 2).repeat_interleave(2, 3);
            var images = Pool(Convolve(Pool(Convolve(rows.reshape(-1, 1, 8, 8), 0).relu()), 2).relu());
            var code = F.linear(images.reshape(-1, 128), w[4], w[5]);
            images = F.linear(code, w[6], w[7]).relu().reshape(-1, 32, 2, 2);
            return Convolve(Convolve(Enlarge(Convolve(Enlarge(images), 8).relu()), 10).relu(), 12).reshape(-1, 64);
        }
    }

    [TestMethod]
    [DataRow(8, 600)]
    [DataRow(28, 1000)]
    public void The_check_of_a_usual_network_takes_no_longer_than_200_milliseconds(int side, int rows)
    {
        using var scope = torch.NewDisposeScope();
        using var lease = TorchThreads.Use(1);
        using var generator = new torch.Generator(1, torch.CPU);
        var images = new ConvolutionalNetworkOptions { Height = side, Width = side };
        using var network = images.Create(side * side, 0, 0, Options().Code, isMasked: false, generator);
        var host = ((IHostEnvironment)new MLContext(1)).Register("Test");
        using var channel = host.Start("Test");

        // Right ones cost most: all of them are looked at. So as if they were, also where they are not. Processor time, with one
        // thread, and the least of five: other processes are none of its costs.
        double least = Enumerable.Range(0, 5).Min(_ =>
        {
            var guard = new ConvolutionGuard(OneDnn, Nnpack, (layer, run) =>
            {
                ConvolutionCheck.FindFault(layer, run);
                return null;
            });
            var before = Environment.CpuUsage.TotalTime;
            guard.Use(network, [new(32, 1), new(rows % 32, 1), new(rows / 10 % 32, 0)], channel).Dispose();
            return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds;
        });
        Console.WriteLine($"{side} x {side}: {least:F1} ms");
        Assert.IsLessThanOrEqualTo(200, least);
    }

    [TestMethod]
    public void The_last_of_several_turns_a_switch_back()
    {
        foreach (bool before in new[] { true, false })
        {
            bool isOn = before;
            var tested = new TorchSwitch(() => isOn, value => isOn = value);
            IDisposable first = tested.TurnOff(), second = tested.TurnOff();
            first.Dispose();
            first.Dispose();
            Assert.IsFalse(tested.IsOn);
            second.Dispose();
            Assert.AreEqual(before, tested.IsOn);
        }
    }

    private static ConvolutionGuard Wrong(TorchSwitch? oneDnn) => new(oneDnn, Nnpack, (_, _) => Fault);

    private static ConvolutionGuard Right(TorchSwitch? oneDnn = null) => new(oneDnn, Nnpack, (_, _) => null);

    private static AutoencoderEstimator.Options Options() => new()
    {
        Network = new ConvolutionalNetworkOptions { Height = 8, Width = 8 },
        Code = new CodeOptions { Size = 4 },
        Scaling = InputScaling.None,
        Epochs = 2,
        Seed = 3,
    };

    private static byte[] Fit(AutoencoderEstimator.Options options, ConvolutionGuard guard, MLContext? ml = null, int heldOut = 0)
    {
        ml ??= new MLContext(1);
        var validation = heldOut == 0 ? null : ml.Data.TakeRows(View(ml), heldOut);
        using var model = new AutoencoderEstimator(ml, options) { Convolutions = guard }.Fit(View(ml), validation, inspect: null);
        return DenseTests.Scorer(model);
    }

    private static IDataView View(MLContext ml)
    {
        var random = new Random(1);
        var schema = SchemaDefinition.Create(typeof(ImageRow));
        schema[nameof(ImageRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 64);
        ImageRow Row() => new() { Features = [.. Enumerable.Range(0, 64).Select(_ => random.NextSingle())] };
        return ml.Data.LoadFromEnumerable(Enumerable.Range(0, 100).Select(_ => Row()).ToArray(), schema);
    }

    /// <summary>What is told of oneDNN.</summary>
    private static string[] Messages(Action<MLContext> run)
    {
        var messages = new List<string>();
        var ml = new MLContext(1);
        ml.Log += (_, told) =>
        {
            if (told.Kind == ChannelMessageKind.Warning && told.Message.Contains("oneDNN", StringComparison.Ordinal))
                messages.Add(told.Message);
        };
        run(ml);
        return [.. messages];
    }

    private sealed class ImageRow
    {
        public float[] Features { get; set; } = [];
    }

    /// <summary>A convolution whose Singles are wrong in one thing.</summary>
    private sealed class SpoiledLayer(string? error, torch.Generator generator)
        : ImageLayer("spoiled", new ImageShape(2, 6, 5), new ImageShape(4, 6, 5), [4, 2, 3, 3], 18,
            Activation.Linear, Normalization.None, generator)
    {
        private const double Part = 0.5;

        public override string Description => "spoiled";

        public override torch.Tensor Convolve(torch.Tensor images, torch.Tensor weight, torch.Tensor bias)
        {
            var result = F.conv2d(images, weight, bias, padding: [1, 1]);
            if (images.dtype == torch.ScalarType.Float64)
                return result;

            // Zero, with a gradient.
            torch.Tensor Spoil(torch.Tensor values) => (values - values.detach()).sum() * Part;
            return error switch
            {
                "the result" => result + Part,
                "no number" => result * float.NaN,
                "the gradient with respect to the images" => result + Spoil(images),
                "the gradient with respect to the weights" => result + Spoil(weight),
                "the gradient with respect to the biases" => result + Spoil(bias),
                "the second gradient with respect to the weights" => result + ((images - images.detach()) * Spoil(weight)).sum(),
                _ => result,
            };
        }

        protected override string EmitConvolution(OnnxGraphBuilder graph, string name, string images, string weight, string bias) =>
            throw new NotSupportedException();

        protected override (torch.Tensor Weight, torch.Tensor Bias) Fold(
            NormalizationLayer normalization, torch.Tensor weight, torch.Tensor bias) =>
            throw new NotSupportedException();
    }
}
