using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The dense autoencoder from training to graph.</summary>
[TestClass]
public sealed class DenseTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> ActivationsAndBatches =>
        from activation in Enum.GetValues<Activation>() from batch in new[] { 1, 7, 256 } select new object[] { activation, batch };

    [TestMethod]
    [DynamicData(nameof(ActivationsAndBatches))]
    public void Reconstruction_by_ONNX_Runtime_equals_libtorchs_on_trained_weights(Activation activation, int batch)
    {
        var options = Rows.Options();
        options.Network = new DenseNetworkOptions { Hidden = [16, 8], Activation = activation, OutputActivation = Activation.Linear };
        options.Code = options.Code with { Activation = activation };
        options.Epochs = 3;
        Parity.Check(s_ml, options, Rows.View(s_ml, 512), batch, 1e-5);
    }

    [TestMethod]
    public void A_second_fit_and_concurrent_fits_give_the_same_bytes()
    {
        var estimator = s_ml.Autoencoders().Dense(Rows.Options());
        var view = Rows.View(s_ml, 200);
        byte[] first = Scorer(estimator.Fit(view));
        CollectionAssert.AreEqual(first, Scorer(estimator.Fit(view)));
        var concurrent = new byte[4][];
        Parallel.For(0, concurrent.Length, i => concurrent[i] = Scorer(
            s_ml.Autoencoders().Dense(Rows.Options()).Fit(Rows.View(s_ml, 200))));
        foreach (byte[] bytes in concurrent)
            CollectionAssert.AreEqual(first, bytes);
    }

    [TestMethod]
    public void Without_a_seed_the_contexts_is_used()
    {
        byte[] Fit(int seed)
        {
            var ml = new MLContext(seed);
            return Scorer(Rows.Fit(ml, options => options.Seed = null));
        }
        CollectionAssert.AreEqual(Fit(1), Fit(1));
        CollectionAssert.AreNotEqual(Fit(1), Fit(2));
    }

    [TestMethod]
    public void The_process_wide_generator_and_thread_count_are_left_as_they_were()
    {
        torch.manual_seed(42);
        using var expected = torch.rand(4);
        torch.manual_seed(42);
        int threads = torch.get_num_threads();
        Rows.Fit(s_ml).Dispose();
        Assert.AreEqual(threads, torch.get_num_threads());
        using var actual = torch.rand(4);
        CollectionAssert.AreEqual(expected.bytes.ToArray(), actual.bytes.ToArray());
    }

    [TestMethod]
    public void Concurrent_fits_give_every_thread_its_own_thread_count_back()
    {
        using var together = new Barrier(3);
        var after = new int[3];
        var threads = Enumerable.Range(0, after.Length).Select(i => new Thread(() =>
        {
            torch.set_num_threads(2);
            together.SignalAndWait();
            Rows.Fit(s_ml).Dispose();
            after[i] = torch.get_num_threads();
        })).ToArray();
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        Assert.AreEqual("2 2 2", string.Join(' ', after));
    }

    [TestMethod]
    public void The_thread_count_follows_the_work_of_a_step_up_to_the_physical_cores()
    {
        Assert.AreEqual(1, TorchThreads.CountFor(217_000 * 32, cores: 16));
        Assert.AreEqual(1, TorchThreads.CountFor(217_000 * 1024, cores: 1));
        Assert.AreEqual(2, TorchThreads.CountFor(217_000 * 1024, cores: 2));
        Assert.AreEqual(6, TorchThreads.CountFor(217_000 * 1024, cores: 16));
        Assert.AreEqual(16, TorchThreads.CountFor(long.MaxValue, cores: 16));
        Assert.IsTrue(TorchThreads.PhysicalCores >= 1 && TorchThreads.PhysicalCores <= Environment.ProcessorCount);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void A_fit_with_a_given_number_of_threads_is_the_same_bit_for_bit_and_leaves_the_callers_number(int threads)
    {
        var options = Rows.Options();
        options.Threads = threads;

        // Wide enough for libtorch to share the work out.
        options.Network = new DenseNetworkOptions { Hidden = [512] };
        options.BatchSize = 128;
        var estimator = s_ml.Autoencoders().Dense(options);
        var view = Rows.View(s_ml, 512);
        int before = torch.get_num_threads();
        using var model = estimator.Fit(view);
        Assert.AreEqual(before, torch.get_num_threads());
        Assert.AreEqual(threads, model.Metadata.ThreadCount);
        StringAssert.Contains(model.Metadata.Options, $"\"threads\":{threads}");
        byte[] first = Scorer(model);
        for (int i = 0; i < 3; i++)
            CollectionAssert.AreEqual(first, Scorer(estimator.Fit(view)));
    }

    [TestMethod]
    public void A_fit_that_wants_another_thread_count_waits()
    {
        using var first = TorchThreads.Use(1);
        var waiting = Task.Run(() => TorchThreads.Use(2).Dispose());
        Assert.IsFalse(waiting.Wait(200));
        Fails.With<InvalidOperationException>("on the same thread", () => TorchThreads.Use(2));
        first.Dispose();
        Assert.IsTrue(waiting.Wait(TimeSpan.FromSeconds(30)));
    }

    [TestMethod]
    public void Gradients_that_the_caller_switched_off_are_on_while_training()
    {
        using (torch.no_grad())
        {
            using var model = Rows.Fit(s_ml);
            CollectionAssert.AreEqual(Scorer(Rows.Fit(s_ml)), Scorer(model));
        }
    }

    [TestMethod]
    public void Training_lowers_the_error_for_every_scaling()
    {
        foreach (var scaling in Enum.GetValues<InputScaling>())
        {
            double Error(int epochs)
            {
                // Six rectified units may all be dead from the start, whatever the scaling.
                using var model = Rows.Fit(s_ml, options =>
                    (options.Scaling, options.Epochs, options.LearningRate, options.Network) = (
                        scaling, epochs, 0.01, options.Network with { Activation = Activation.LeakyReLU }));
                return Rows.Read(s_ml, model.Transform(Rows.View(s_ml, 100, seed: 23))).Average(row => row.Score);
            }
            double untrained = Error(0), trained = Error(60);
            Assert.IsLessThan(0.5 * untrained, trained, $"{scaling}");
        }
    }

    [TestMethod]
    public void The_options_are_copied_when_the_estimator_is_made()
    {
        var options = Rows.Options();
        var estimator = s_ml.Autoencoders().Dense(options);
        byte[] before = Scorer(estimator.Fit(Rows.View(s_ml, 100)));
        options.Code = options.Code with { Size = 4 };
        options.Epochs = 1;
        options.Network = (DenseNetworkOptions)options.Network with { Hidden = [3] };
        CollectionAssert.AreEqual(before, Scorer(estimator.Fit(Rows.View(s_ml, 100))));
    }

    [TestMethod]
    public void The_promised_schema_is_the_delivered_one()
    {
        var estimator = s_ml.Transforms.Concatenate("Features", "Features", "Extra").Append(s_ml.Autoencoders().Dense(Rows.Options()));
        var view = Rows.View(s_ml, 60);
        var promised = estimator.GetOutputSchema(Shape(view.Schema));
        var delivered = Shape(estimator.Fit(view).Transform(view).Schema);
        Assert.AreEqual(Describe(delivered), Describe(promised));

        static string Describe(SchemaShape shape) => string.Join('\n', shape.OrderBy(column => column.Name).Select(column =>
            $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} " +
                $"[{string.Join(',', column.Annotations.Select(a => $"{a.Name} {a.Kind} {a.ItemType} {a.IsKey}").Order())}]"));
    }

    [TestMethod]
    public void One_feature_may_be_a_scalar_column()
    {
        var view = Rows.View(s_ml, 100);
        using var model = Rows.Fit(s_ml, options =>
            (options.FeatureColumnName, options.Code) = ("Label", new CodeOptions { Size = 1 }), view);
        Assert.AreEqual("Label", model.Metadata.FeatureNames.Single());
        Assert.AreEqual(100, Rows.Read(s_ml, model.Transform(view)).Count(row => row.Reconstruction.Length == 1));
    }

    [TestMethod]
    public void Metadata_tell_of_the_training()
    {
        using var model = Rows.Fit(s_ml);
        Assert.AreEqual("dense", model.Metadata.Variant);
        Assert.AreEqual("standardize", model.Metadata.Scaling);
        Assert.AreEqual(1, model.Metadata.ThreadCount);
        Assert.AreEqual(
            ("{'code':'Code','feature_errors':'FeatureErrors','features':'Features','is_anomaly':'PredictedLabel'," +
            "'reconstruction':'Reconstruction','score':'Score'}").Replace('\'', '"'),
            model.Metadata.ToDictionary()["autoencoder.columns"]);
        Assert.AreEqual(
            """{"condition_column_name":null,"weight_column_name":null,"label_column_name":null,"anomaly_label_value":null""" +
            ""","network":{"kind":"dense","hidden":[6],"decoder_hidden":null,"dropout":0,"tied_weights":false""" +
            ""","activation":"ReLU","output_activation":"Linear","normalization":"None"},"code":{"size":2""" +
            ""","activation":"Linear","normalization":"None","noise_deviation":0,"variational":null,"offset_column_name":null""" +
            ""","offset_hidden":null},"masking":null,"loss":"MeanSquared","penalties":[],"weight_l1":0,"weight_l2":0,"pretraining":null""" +
            ""","initial_weights":null,"validation_share":0,"early_stopping":null""" +
            ""","threshold":"contamination 0.1","feature_column_name":"Features","corruption":null""" +
            ""","scaling":"Standardize","epochs":5,"batch_size":32,"learning_rate":0.001,"optimizer":{"kind":"adam","beta1":0.9""" +
            ""","beta2":0.999,"epsilon":1E-08},"schedule":{"kind":"constant"},"warm_up_epochs":0,"gradient_clipping":null""" +
            ""","threads":null,"missing_values":"Refuse","scoring_missing_values":"NaN"}""",
            model.Metadata.Options);

        var codes = Rows.Read(s_ml, model.Transform(Rows.View(s_ml, 200))).Select(row => row.Code).ToArray();
        for (int a = 0; a < 2; a++)
        {
            double mean = codes.Average(code => (double)code[a]);
            Assert.AreEqual(mean, model.Metadata.CodeMean[a], 1e-5);
            for (int b = 0; b < 2; b++)
            {
                double otherMean = codes.Average(code => (double)code[b]);
                Assert.AreEqual(codes.Average(code => (code[a] - mean) * (code[b] - otherMean)),
                    model.Metadata.CodeCovariance[a * 2 + b], 1e-5);
            }
        }
        var means = Rows.Make(200).Select(row => row.Features);
        for (int j = 0; j < 5; j++)
            Assert.AreEqual(means.Average(row => (double)row[j]), model.Metadata.FeatureMeans[j], 1e-4);
    }

    internal static byte[] Scorer(AutoencoderTransformer model)
    {
        using (model)
            return model.ToOnnx(OnnxGraph.Scorer);
    }

    private static SchemaShape Shape(DataViewSchema schema) => new SchemaOnly(schema).Append(new PassThrough()).GetOutputSchema();

    private sealed class SchemaOnly(DataViewSchema schema) : IDataLoader<object>
    {
        public DataViewSchema GetOutputSchema() => schema;

        public IDataView Load(object input) => throw new NotSupportedException();

        void ICanSaveModel.Save(ModelSaveContext ctx) => throw new NotSupportedException();
    }

    private sealed class PassThrough : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input) => throw new NotSupportedException();

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }
}
