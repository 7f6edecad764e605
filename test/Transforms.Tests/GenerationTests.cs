using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>New rows from codes: samples, interpolations, traversals.</summary>
[TestClass]
public sealed class GenerationTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly TestFolder s_folder = new();
    private static AutoencoderTransformer s_model = null!;
    private static AutoencoderTransformer s_loaded = null!;

    /// <summary>Two rows in raw units.</summary>
    private static readonly float[][] s_ends = [.. Rows.Make(2, seed: 43).Select(row => row.Features)];

    /// <summary>Each kind of view, by its name.</summary>
    private static readonly Dictionary<string, Func<AutoencoderGenerator, IDataView>> s_views = new()
    {
        ["standard normal"] = generator => generator.Sample(300, seed: 5, CodeDistribution.StandardNormal),
        ["gaussian"] = generator => generator.Sample(300, seed: 5, CodeDistribution.Gaussian),
        ["mixture"] = generator => generator.Sample(300, seed: 5, CodeDistribution.GaussianMixture),
        ["linear"] = generator => generator.Interpolate(s_ends[0], s_ends[1], 9),
        ["spherical"] = generator => generator.Interpolate(s_ends[0], s_ends[1], 9, Interpolation.Spherical),
        ["traversal"] = generator => generator.Traverse(s_ends[0], unit: 1, from: -2, to: 3, steps: 11),
    };

    public static IEnumerable<object[]> Views => s_views.Keys.Select(name => new object[] { name });

    [ClassInitialize]
    public static void MakeModels(TestContext _)
    {
        // A few steps of ReLU units leave a decoder that gives most codes one reconstruction; these tests need one that tells codes apart.
        s_model = Rows.Fit(s_ml, options => (options.Network, options.LearningRate) = (
            new DenseNetworkOptions { Hidden = [6], Activation = Activation.Tanh }, 0.01));
        s_ml.Model.Save(s_model, Rows.View(s_ml, 1).Schema, s_folder["model.zip"]);
        s_loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(s_folder["model.zip"], out DataViewSchema? _);
    }

    [ClassCleanup]
    public static void DisposeModels()
    {
        s_model.Dispose();
        s_loaded.Dispose();
        s_folder.Dispose();
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void A_view_has_codes_and_reconstructions_with_the_features_names_and_a_known_number_of_rows(string name)
    {
        var view = s_views[name](s_model.Generator);
        Assert.AreEqual("Code:Vector<Single, 2> Reconstruction:Vector<Single, 5>",
            string.Join(' ', view.Schema.Select(column => $"{column.Name}:{column.Type}")));
        VBuffer<ReadOnlyMemory<char>> slots = default;
        view.Schema["Reconstruction"].GetSlotNames(ref slots);
        CollectionAssert.AreEqual(s_model.Metadata.FeatureNames.ToArray(), slots.DenseValues().Select(slot => slot.ToString()).ToArray());
        Assert.AreEqual(view.GetRowCount(), Codes(view).Length);
        Assert.IsFalse(view.CanShuffle);
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void A_view_reads_the_same_each_time_and_from_the_same_call_and_from_the_loaded_model(string name)
    {
        var view = s_views[name](s_model.Generator);
        var first = Read(view);
        CollectionAssert.AreEqual(first, Read(view));
        CollectionAssert.AreEqual(first, Read(s_views[name](s_model.Generator)));
        CollectionAssert.AreEqual(first, Read(s_views[name](s_loaded.Generator)));
        CollectionAssert.AreEqual(first, Read(s_views[name](s_model.Decoder.Generator)), "a part has the whole model's generator");
    }

    [TestMethod]
    [DynamicData(nameof(Views))]
    public void Reconstructions_are_what_the_exported_decoder_makes_of_the_codes(string name)
    {
        using var folder = new TestFolder();
        s_model.ExportOnnx(null, folder["decoder.onnx"], null);
        var view = s_views[name](s_model.Generator);
        float[] expected = OnnxPipelines.Run(File.ReadAllBytes(folder["decoder.onnx"]), "code", [.. Codes(view).SelectMany(code => code)],
            2)["reconstruction"];
        Assert.IsLessThanOrEqualTo(1e-6, Rows.Difference(expected, Reconstructions(view).SelectMany(row => row)));
    }

    [TestMethod]
    public void Nothing_is_decoded_for_a_reader_of_codes_and_several_readers_do_not_disturb_each_other()
    {
        var view = s_model.Generator.Sample(100, seed: 1);
        float[][] expected = Codes(view);
        using var first = view.GetRowCursor(view.Schema);
        using var second = view.GetRowCursor([view.Schema["Code"]]);
        Assert.IsFalse(second.IsColumnActive(view.Schema["Reconstruction"]));
        ValueGetter<VBuffer<float>> one = first.GetGetter<VBuffer<float>>(view.Schema["Code"]),
            two = second.GetGetter<VBuffer<float>>(view.Schema["Code"]);
        VBuffer<float> code = default;
        for (int i = 0; i < 100; i++)
        {
            foreach (var (cursor, getter) in new[] { (first, one), (second, two) })
            {
                Assert.IsTrue(cursor.MoveNext());
                getter(ref code);
                CollectionAssert.AreEqual(expected[i], code.DenseValues().ToArray());
            }
        }
        Assert.IsFalse(first.MoveNext() || second.MoveNext());
    }

    [TestMethod]
    public void Rows_can_be_counted_and_told_apart_without_a_column()
    {
        var view = s_model.Generator.Sample(70, seed: 1);
        using var cursor = view.GetRowCursor([]);
        var id = cursor.GetIdGetter();
        var ids = new HashSet<DataViewRowId>();
        while (cursor.MoveNext())
        {
            DataViewRowId value = default;
            id(ref value);
            ids.Add(value);
        }
        Assert.HasCount(70, ids);
        Assert.ThrowsExactly<InvalidOperationException>(() =>
        {
            DataViewRowId value = default;
            id(ref value);
        });
    }

    [TestMethod]
    public void The_columns_have_the_names_that_the_model_gives_them()
    {
        using var model = Rows.Fit(s_ml, options =>
            (options.Epochs, options.CodeColumnName, options.ReconstructionColumnName) = (0, "Latent", "Rebuilt"));
        Assert.AreEqual("Latent Rebuilt", string.Join(' ', model.Generator.Sample(1, seed: 1).Schema.Select(column => column.Name)));
    }

    [TestMethod]
    public void Another_seed_gives_other_rows_and_a_shorter_sample_is_the_start_of_a_longer_one()
    {
        float[][] codes = Codes(s_model.Generator.Sample(50, seed: 1));
        CollectionAssert.AreEqual(Flat(codes[..20]), Flat(Codes(s_model.Generator.Sample(20, seed: 1))));
        Assert.IsFalse(codes.Zip(Codes(s_model.Generator.Sample(50, seed: 2))).Any(pair => pair.First.SequenceEqual(pair.Second)));
    }

    [TestMethod]
    public void Gaussian_samples_have_mean_and_covariance_of_the_training_codes()
    {
        var metadata = s_model.Metadata;
        CheckMoments(Codes(s_model.Generator.Sample(40_000, seed: 2, CodeDistribution.Gaussian)),
            [.. metadata.CodeMean.Select(value => (double)value)], (a, b) => metadata.CodeCovariance[a * 2 + b]);
    }

    [TestMethod]
    public void Standard_normal_samples_have_mean_0_and_covariance_1()
    {
        float[][] codes = Codes(s_model.Generator.Sample(40_000, seed: 3, CodeDistribution.StandardNormal));
        CheckMoments(codes, [0, 0], (a, b) => a == b ? 1 : 0);

        // The share beyond one and two deviations, to within five standard errors: it is the normal distribution, not
        // one that only has its moments.
        foreach (var (bound, share) in new[] { (1.0, 0.3173105), (2.0, 0.0455003) })
            Assert.AreEqual(share, codes.SelectMany(code => code).Average(value => Math.Abs(value) > bound ? 1.0 : 0),
                5 * Math.Sqrt(share * (1 - share) / 80_000));
    }

    [TestMethod]
    public void Mixture_samples_have_the_mixtures_mean_and_covariance()
    {
        var metadata = s_model.Metadata;
        int count = metadata.CodeMixtureWeights.Count;
        Assert.AreEqual(10, count, "200 rows, at least ten for a component");
        double[] mean = [.. Enumerable.Range(0, 2)
            .Select(a => Enumerable.Range(0, count)
            .Sum(j => (double)metadata.CodeMixtureWeights[j] * metadata.CodeMixtureMeans[j * 2 + a]))];

        // The covariance of a mixture: the mean of the components' covariances, and the covariance of their means.
        double Covariance(int a, int b) => Enumerable.Range(0, count).Sum(j => metadata.CodeMixtureWeights[j]
            * (metadata.CodeMixtureCovariances[j * 4 + a * 2 + b]
                + (metadata.CodeMixtureMeans[j * 2 + a] - mean[a]) * (metadata.CodeMixtureMeans[j * 2 + b] - mean[b])));
        CheckMoments(Codes(s_model.Generator.Sample(40_000, seed: 4, CodeDistribution.GaussianMixture)), mean, Covariance);

        // And these are those of the training codes, but for the little that the prior adds.
        for (int a = 0; a < 2; a++)
        {
            Assert.AreEqual(metadata.CodeMean[a], mean[a], 0.02 * Math.Sqrt(metadata.CodeCovariance[a * 3]));
            Assert.AreEqual(metadata.CodeCovariance[a * 3], Covariance(a, a), 0.02 * metadata.CodeCovariance[a * 3]);
        }
    }

    [TestMethod]
    public void A_mixture_samples_its_components_by_their_weights()
    {
        using var model = With(metadata => metadata with
        {
            CodeMixtureWeights = [0.7f, 0, 0.3f],
            CodeMixtureMeans = [0, 0, 50, 50, 10, -10],
            CodeMixtureCovariances = [1, 0, 0, 1, 1, 0, 0, 1, 4, 1.9f, 1.9f, 1],
        });
        float[][] codes = Codes(model.Generator.Sample(40_000, seed: 8, CodeDistribution.GaussianMixture));
        float[][] second = [.. codes.Where(code => code[1] < -5)];
        Assert.AreEqual(0.3, second.Length / 40_000.0, 5 * Math.Sqrt(0.3 * 0.7 / 40_000));
        CheckMoments(second, [10, -10], (a, b) => a != b ? 1.9 : a == 0 ? 4 : 1);
        CheckMoments([.. codes.Where(code => code[1] >= -5)], [0, 0], (a, b) => a == b ? 1 : 0);
    }

    [TestMethod]
    public void A_variational_model_is_sampled_from_its_prior_and_another_from_what_is_known_of_the_training_codes()
    {
        void IsDefault(AutoencoderTransformer model, CodeDistribution distribution)
        {
            Assert.AreEqual(distribution, model.Generator.DefaultDistribution);
            CollectionAssert.AreEqual(Read(model.Generator.Sample(9, seed: 1, distribution)), Read(model.Generator.Sample(9, seed: 1)));
        }
        using var variational = With(metadata => metadata with { IsVariational = true });
        IsDefault(variational, CodeDistribution.StandardNormal);
        using var offset = Rows.Fit(s_ml, options =>
            options.Code = options.Code with { Variational = new VariationalOptions(), OffsetColumnName = "Extra" });
        IsDefault(offset, CodeDistribution.GaussianMixture);
        IsDefault(s_model, CodeDistribution.GaussianMixture);
        using var withoutMixture = With(metadata =>
            metadata with { CodeMixtureWeights = [], CodeMixtureMeans = [], CodeMixtureCovariances = [] });
        IsDefault(withoutMixture, CodeDistribution.Gaussian);
        CollectionAssert.AreNotEqual(Read(withoutMixture.Generator.Sample(9, seed: 1)), Read(s_model.Generator.Sample(9, seed: 1)));
    }

    [TestMethod]
    public void A_file_from_before_there_were_mixtures_is_read_and_sampled()
    {
        var old = s_model.Metadata.ToDictionary().Where(pair => !pair.Key.Contains("code_mixture", StringComparison.Ordinal))
            .ToDictionary();
        var metadata = AutoencoderMetadata.Read(old, "The graph");
        Assert.AreEqual(0, metadata.CodeMixtureWeights.Count + metadata.CodeMixtureMeans.Count + metadata.CodeMixtureCovariances.Count);
        Assert.AreEqual(old.Count + 3, metadata.ToDictionary().Count);
        using var model = With(_ => metadata);
        CollectionAssert.AreEqual(Read(s_model.Generator.Sample(9, seed: 1, CodeDistribution.Gaussian)),
            Read(model.Generator.Sample(9, seed: 1)));
        Refuses<InvalidOperationException>(() => model.Generator.Sample(1, seed: 1, CodeDistribution.GaussianMixture),
            "The model has no mixture of Gaussians of its training codes");

        old["autoencoder.code_mixture_weights"] = "0.5,x";
        Refuses<InvalidDataException>(() => AutoencoderMetadata.Read(old, "The graph"),
            "The graph has metadata 'autoencoder.code_mixture_weights' that cannot be read");
    }

    [TestMethod]
    public void Codes_of_more_than_32_units_have_no_mixture()
    {
        using var small = Rows.Fit(s_ml, options => (options.Epochs, options.Code) = (0, new CodeOptions { Size = 32 }));
        Assert.HasCount(small.Metadata.CodeMixtureWeights.Count * 32 * 32, small.Metadata.CodeMixtureCovariances);
        Assert.AreEqual(CodeDistribution.GaussianMixture, small.Generator.DefaultDistribution);
        using var large = Rows.Fit(s_ml, options => (options.Epochs, options.Code) = (0, new CodeOptions { Size = 33 }));
        Assert.AreEqual(CodeDistribution.Gaussian, large.Generator.DefaultDistribution);
        Refuses<InvalidOperationException>(() => large.Generator.Sample(1, seed: 1, CodeDistribution.GaussianMixture),
            "its code has 33 units, and there is none of more than 32");
        Assert.HasCount(7, Codes(large.Generator.Sample(7, seed: 1)));
    }

    [TestMethod]
    public void Of_large_codes_the_units_are_drawn_independently()
    {
        // As many variances as units are kept for codes of more than 128 units.
        using var model = With(metadata => metadata with { CodeCovariance = [4f, 0.25f] });
        var mean = model.Metadata.CodeMean;
        CheckMoments(Codes(model.Generator.Sample(40_000, seed: 6, CodeDistribution.Gaussian)), [mean[0], mean[1]], (a, b) =>
            a != b ? 0 : a == 0 ? 4 : 0.25);
    }

    [TestMethod]
    [DataRow(new[] { 0f, 0, 0, 0, 2, 0.5f, 0, 0.5f, 1 }, DisplayName = "a constant unit")]
    [DataRow(new[] { 1f, 2, 0.3f, 2, 4, 0.6f, 0.3f, 0.6f, 1 }, DisplayName = "one unit twice another")]
    [DataRow(new[] { 0.01f, -0.1f, 0.1f, -0.1f, 1, -1, 0.1f, -1, 1 }, DisplayName = "three units in one direction")]
    [DataRow(new[] { 1f, 1.0000001f, 0, 1.0000001f, 1, 0, 0, 0, 1e-8f },
        DisplayName = "indefinite by rounding, and small beside the others")]
    public void A_singular_covariance_is_sampled_within_its_space(float[] covariance)
    {
        var distribution = new GaussianCodes([1, 2, 3], covariance);
        var numbers = new NormalNumbers(7);
        double[] normal = new double[3];
        float[][] codes = [.. Enumerable.Range(0, 40_000).Select(_ =>
        {
            float[] code = new float[3];
            distribution.Draw(numbers, normal, code);
            return code;
        })];
        CheckMoments(codes, [1, 2, 3], (a, b) => covariance[a * 3 + b]);
    }

    [TestMethod]
    public void Normal_numbers_of_a_seed_stay_what_they_are()
    {
        // The formula in Python, from the first uniform numbers of Random(1): 0.24866858415709278, 0.11074397718102856;
        // 0.46701067987224587, 0.77160412202198247.
        var numbers = new NormalNumbers(1);
        foreach (double expected in new[] { 0.5803915748180694, 0.48472927518499953, 0.1518133272462265, -1.1115127072022342 })
            Assert.AreEqual(expected, numbers.Next(), 1e-14);
    }

    [TestMethod]
    [DataRow(Interpolation.Linear)]
    [DataRow(Interpolation.Spherical)]
    public void An_interpolation_starts_and_ends_with_the_given_rows(Interpolation interpolation)
    {
        var ends = Rows.Read(s_ml, s_model.Transform(s_ml.Data.LoadFromEnumerable(s_ends.Select(row => new Row { Features = row }))));
        var view = s_model.Generator.Interpolate(s_ends[0], s_ends[1], 7, interpolation);
        float[][] codes = Codes(view), reconstructions = Reconstructions(view);

        // Batches of other sizes run under other kernels, which round otherwise.
        for (int end = 0; end < 2; end++)
        {
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(ends[end].Code, codes[end * 6]));
            Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(ends[end].Reconstruction, reconstructions[end * 6]));
        }
        Assert.IsGreaterThan(0.01, Rows.Difference(reconstructions[0], reconstructions[6]), "the ends differ");
    }

    [TestMethod]
    public void A_linear_interpolation_goes_in_equal_steps()
    {
        float[][] codes = Codes(s_model.Generator.Interpolate(s_ends[0], s_ends[1], 5));
        for (int i = 0; i < 5; i++)
        {
            for (int a = 0; a < 2; a++)
                Assert.AreEqual(codes[0][a] + i / 4.0 * (codes[4][a] - (double)codes[0][a]), codes[i][a], 1e-6);
        }
    }

    [TestMethod]
    public void A_spherical_interpolation_keeps_the_length_and_turns_by_equal_angles()
    {
        float[] from = [3, 0, 4], to = [0, -5, 0];
        float[][] codes = Path(from, to, 7, Interpolation.Spherical);
        foreach (float[] code in codes)
            Assert.AreEqual(25, code.Sum(value => (double)value * value), 1e-5);
        for (int i = 1; i < 7; i++)
            Assert.AreEqual(25 * Math.Cos(Math.PI / 12), codes[i].Zip(codes[i - 1], (a, b) => (double)a * b).Sum(), 1e-5,
                "a sixth of a right angle");
        CollectionAssert.AreEqual(from, codes[0]);
        CollectionAssert.AreEqual(to, codes[6]);
        Assert.IsLessThan(13, Path(from, to, 7, Interpolation.Linear)[3].Sum(value => (double)value * value), "the straight line does not");
    }

    [TestMethod]
    [DataRow(new[] { 1f, 2 }, new[] { 2f, 4 }, DisplayName = "one direction")]
    [DataRow(new[] { 1f, 2 }, new[] { 1f, 2.00001f }, DisplayName = "nearly one code")]
    [DataRow(new[] { 1f, 2 }, new[] { -1f, -2 }, DisplayName = "opposite directions")]
    [DataRow(new[] { 0f, 0 }, new[] { 1f, 1 }, DisplayName = "no direction")]
    public void Where_there_is_no_arc_a_spherical_interpolation_is_linear(float[] from, float[] to) =>
        CollectionAssert.AreEqual(Flat(Path(from, to, 9, Interpolation.Linear)), Flat(Path(from, to, 9, Interpolation.Spherical)));

    [TestMethod]
    public void At_the_smallest_arc_it_and_the_line_are_one_to_the_rounding_of_a_Single()
    {
        float[] from = [1, 0], to = [1, 1.1e-4f];
        Assert.IsLessThanOrEqualTo(1.2e-7, Rows.Difference(
            Flat(Path(from, to, 9, Interpolation.Linear)), Flat(Path(from, to, 9, Interpolation.Spherical))));
    }

    [TestMethod]
    public void A_traversal_changes_one_unit_in_equal_steps_and_no_other()
    {
        float[] code = Codes(s_model.Generator.Interpolate(s_ends[0], s_ends[1], 2))[0];
        float[][] codes = Codes(s_model.Generator.Traverse(s_ends[0], unit: 1, from: -2, to: 3, steps: 11));
        for (int i = 0; i < 11; i++)
        {
            Assert.AreEqual(code[0], codes[i][0]);
            Assert.AreEqual(-2 + i / 2.0, codes[i][1], 1e-6);
        }
    }

    [TestMethod]
    public void Wrong_use_is_refused_by_name()
    {
        var generator = s_model.Generator;
        Refuses<ArgumentOutOfRangeException>(() => generator.Sample(0, seed: 1), "0 rows were asked for; expected at least 1");
        Refuses<ArgumentOutOfRangeException>(() => generator.Sample(1, seed: 1, (CodeDistribution)9),
            "The distribution of codes is 9; expected one of StandardNormal, Gaussian, GaussianMixture");
        Refuses<ArgumentOutOfRangeException>(() => generator.Interpolate(s_ends[0], s_ends[1], 1),
            "The number of steps is 1; expected at least 2");
        Refuses<ArgumentOutOfRangeException>(() => generator.Interpolate(s_ends[0], s_ends[1], 2, (Interpolation)9),
            "The interpolation is 9; expected Linear or Spherical");
        Refuses<ArgumentException>(() => generator.Interpolate(s_ends[0], s_ends[1].AsSpan(0, 4), 2),
            "The row has 4 features; the model has 5. (Parameter 'to')");
        Refuses<ArgumentException>(() => generator.Interpolate(new float[6], s_ends[1], 2),
            "The row has 6 features; the model has 5. (Parameter 'from')");
        Refuses<ArgumentOutOfRangeException>(() => generator.Traverse(s_ends[0], 2, 0, 1, 2),
            "The unit 2 was asked for; the code has 2, expected 0 to 1");
        Refuses<ArgumentOutOfRangeException>(() => generator.Traverse(s_ends[0], -1, 0, 1, 2), "The unit -1 was asked for");
        Refuses<ArgumentOutOfRangeException>(() => generator.Traverse(s_ends[0], 0, 0, 1, 1), "The number of steps is 1");
        Refuses<ArgumentOutOfRangeException>(() => generator.Traverse(s_ends[0], 0, float.NaN, 1, 2),
            "The unit's value is NaN; expected a finite number. (Parameter 'from')");
        Refuses<ArgumentOutOfRangeException>(() => generator.Traverse(s_ends[0], 0, 0, float.PositiveInfinity, 2), "(Parameter 'to')");
        Refuses<ArgumentException>(() => generator.Traverse(new float[4], 0, 0, 1, 2),
            "The row has 4 features; the model has 5. (Parameter 'row')");
    }

    [TestMethod]
    public void A_missing_value_is_the_training_mean_or_refused_as_the_model_scores()
    {
        float[] hole = [.. s_ends[0]], filled = [.. s_ends[0]];
        (hole[2], filled[2]) = (float.NaN, s_model.Metadata.FeatureMeans[2]);
        CollectionAssert.AreEqual(Read(s_model.Generator.Interpolate(filled, s_ends[1], 3)),
            Read(s_model.Generator.Interpolate(hole, s_ends[1], 3)));
        using var refusing = Rows.Fit(s_ml, options => (options.Epochs, options.ScoringMissingValues) = (0, ScoringMissingValues.Refuse));
        Refuses<ArgumentException>(() => refusing.Generator.Interpolate(hole, s_ends[1], 3),
            "There is NaN in 'Features[2]', and the autoencoder was made to refuse missing values");
    }

    [TestMethod]
    public void A_decoder_alone_samples_but_encodes_no_row_and_an_encoder_alone_has_no_generator()
    {
        using var folder = new TestFolder();
        s_model.ExportOnnx(folder["encoder.onnx"], folder["decoder.onnx"], null);
        using var decoder = s_ml.Autoencoders().FromModel(new AutoencoderModel(File.ReadAllBytes(folder["decoder.onnx"]), "decoder.onnx"));
        using var encoder = s_ml.Autoencoders().FromModel(new AutoencoderModel(File.ReadAllBytes(folder["encoder.onnx"]), "encoder.onnx"));
        CollectionAssert.AreEqual(Read(s_model.Generator.Sample(20, seed: 1)), Read(decoder.Generator.Sample(20, seed: 1)));
        Refuses<InvalidOperationException>(() => decoder.Generator.Interpolate(s_ends[0], s_ends[1], 2),
            "The model is only the decoder of an autoencoder, so it has no code of a row");
        Refuses<InvalidOperationException>(() => decoder.Generator.Traverse(s_ends[0], 0, 0, 1, 2),
            "The model is only the decoder of an autoencoder, so it has no code of a row");
        Refuses<InvalidOperationException>(() => encoder.Generator,
            "The model is only the encoder of an autoencoder; it has no reconstruction of code");
    }

    [TestMethod]
    public void A_model_without_the_moments_of_its_codes_says_so()
    {
        using var model = With(metadata => metadata with { CodeMean = [], CodeCovariance = [] });
        Refuses<InvalidOperationException>(() => model.Generator.Sample(1, seed: 1, CodeDistribution.Gaussian),
            "The model's metadata have 0 means and 0 covariances of its training codes; a Gaussian of codes of 2 units needs 2 and 4");
        Refuses<InvalidDataException>(() => With(metadata => metadata with { CodeMixtureMeans = [1] }),
            "'autoencoder.code_mixture_means' 1 values; expected 20");
        Assert.HasCount(3, Codes(model.Generator.Sample(3, seed: 1, CodeDistribution.StandardNormal)));
    }

    [TestMethod]
    public void After_the_model_there_is_no_generator()
    {
        var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        var generator = model.Generator;
        var view = generator.Sample(5000, seed: 1);
        using var open = view.GetRowCursor(view.Schema);
        Assert.IsTrue(open.MoveNext());
        model.Dispose();
        Refuses<ObjectDisposedException>(() => view.GetRowCursor(view.Schema), "has been disposed");
        Refuses<ObjectDisposedException>(() => generator.Interpolate(s_ends[0], s_ends[1], 2), "has been disposed");
        Refuses<ObjectDisposedException>(() => generator.Traverse(s_ends[0], 0, 0, 1, 2), "has been disposed");
        Refuses<ObjectDisposedException>(() =>
        {
            while (open.MoveNext())
            {
            }
            return open;
        }, "has been disposed");
    }

    /// <summary>The model with other metadata, the graph being the same.</summary>
    private static AutoencoderTransformer With(Func<AutoencoderMetadata, AutoencoderMetadata> change)
    {
        using var model = new AutoencoderModel(s_model.ToOnnx(OnnxGraph.Scorer), "scorer.onnx");
        return s_ml.Autoencoders().FromModel(model.WithMetadata(change(model.Metadata)));
    }

    /// <summary>
    /// Mean and covariance of codes equal the distribution's to within five standard errors of a normal sample; the
    /// rounding of codes to Single and 1e-6 of the units' deviations are added for what has no variance.
    /// </summary>
    private static void CheckMoments(float[][] codes, double[] mean, Func<int, int, double> covariance)
    {
        double count = codes.Length;
        double[] means = [.. mean.Select((_, a) => codes.Average(code => (double)code[a]))];
        for (int a = 0; a < mean.Length; a++)
        {
            Assert.AreEqual(mean[a], means[a], 5 * Math.Sqrt(covariance(a, a) / count) + 1e-7, $"mean of unit {a}");
            for (int b = 0; b < mean.Length; b++)
            {
                double sample = codes.Average(code => (code[a] - means[a]) * (code[b] - means[b]));
                double spread = covariance(a, a) * covariance(b, b);
                double error = Math.Sqrt((spread + covariance(a, b) * covariance(a, b)) / count);
                Assert.AreEqual(covariance(a, b), sample, 5 * error + 1e-6 * Math.Sqrt(spread) + 1e-12, $"covariance of units {a} and {b}");
            }
        }
    }

    private static float[][] Path(float[] from, float[] to, int steps, Interpolation interpolation) =>
        [.. CodePath.Between(from, to, steps, interpolation).Select(code => (float[])code.Clone())];

    private static float[][] Codes(IDataView view) => [.. view.GetColumn<float[]>(view.Schema[0].Name)];

    private static float[][] Reconstructions(IDataView view) => [.. view.GetColumn<float[]>(view.Schema[1].Name)];

    private static float[] Read(IDataView view) => [.. Flat(Codes(view)), .. Flat(Reconstructions(view))];

    private static float[] Flat(float[][] rows) => [.. rows.SelectMany(row => row)];

    private static void Refuses<TException>(Func<object> action, string message) where TException : Exception =>
        Fails.With<TException>(message, action);
}
