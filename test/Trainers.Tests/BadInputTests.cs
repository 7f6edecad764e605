using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Input that cannot be trained on, or only with a warning: the message names the column, option or row, what was found
/// and what is expected.
/// </summary>
[TestClass]
public sealed class BadInputTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void A_missing_feature_column_is_named_with_the_columns_there_are()
    {
        Fails.With<ArgumentOutOfRangeException>(
            "Could not find the input column 'Nothing'. The data have the columns 'Features', 'Label', 'Name', 'Extra'",
            () => Rows.Fit(s_ml, options => options.FeatureColumnName = "Nothing"));

        // In a chain the promise is checked before anything is trained.
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense("Nothing"));
        Fails.With<ArgumentOutOfRangeException>("Could not find the input column 'Nothing'", () => chain.Fit(Rows.View(s_ml, 10)));
    }

    [TestMethod]
    public void A_mistyped_feature_column_is_named_with_its_type()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Rows.Fit(s_ml, options => options.FeatureColumnName = "Name"));
        StringAssert.Contains(error.Message, "The input column 'Name' is String; expected a vector of Single of known size");
    }

    [TestMethod]
    public void A_vector_of_unknown_size_is_refused()
    {
        var view = View(new VectorDataViewType(NumberDataViewType.Single), [new VBuffer<float>(2, [1, 2])]);
        Fails.With<ArgumentOutOfRangeException>("'Features' is Vector<Single>; expected a vector of Single of known size",
            () => Rows.Fit(s_ml, view: view));
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense());
        Fails.With<ArgumentOutOfRangeException>("'Features' is VariableVector of Single", () => chain.Fit(view));
    }

    [TestMethod]
    public void A_vector_of_doubles_is_refused()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Double, 2));
        var view = new OneColumnView<VBuffer<double>>(builder.ToSchema(), [new VBuffer<double>(2, [1, 2])]);
        Fails.With<ArgumentOutOfRangeException>("'Features' is Vector<Double, 2>", () => Rows.Fit(s_ml, view: view));
    }

    [TestMethod]
    public void A_row_of_another_length_than_declared_is_named()
    {
        var view = View(new VectorDataViewType(NumberDataViewType.Single, 2),
            [new VBuffer<float>(2, [1, 2]), new VBuffer<float>(3, [1, 2, 3])]);
        Fails.With<InvalidOperationException>("Row 1 of the column 'Features' has 3 values; expected 2", () => Rows.Fit(s_ml, view: view));
    }

    [TestMethod]
    public void Zero_rows_are_refused() =>
        Fails.With<InvalidOperationException>("The training data have no rows", () => Rows.Fit(s_ml, view: Rows.View(s_ml, 0)));

    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void A_missing_value_is_refused_with_its_row_and_feature(float value)
    {
        var rows = Rows.Make(20);
        rows[13].Features[3] = value;
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Fit(s_ml, view: s_ml.Data.LoadFromEnumerable(rows)));
        StringAssert.Contains(error.Message, "Row 13 (counted from 0) of the column 'Features' has");
        StringAssert.Contains(error.Message, "in 'Features[3]'");
        StringAssert.Contains(error.Message, "Options.MissingValues");
    }

    [TestMethod]
    public void Skip_leaves_such_rows_out_and_says_how_many()
    {
        var rows = Rows.Make(50);
        rows[3].Features[0] = float.NaN;
        rows[30].Features[1] = float.PositiveInfinity;
        var (model, log) = FitWithLog(options => options.MissingValues = TrainingMissingValues.Skip, rows);
        Assert.IsTrue(log.Any(message => message.Contains("2 of 50 training rows were left out", StringComparison.Ordinal)));
        StringAssert.Contains(model.Metadata.Training, "\"rows\":48,\"skipped_rows\":2");

        // The same as training on the other rows alone.
        byte[] skipped = NetworkValues.Bytes(model);
        var others = rows.Where((_, i) => i is not 3 and not 30);
        CollectionAssert.AreEqual(skipped, NetworkValues.Bytes(FitWithLog(_ => { }, [.. others]).Model));
    }

    [TestMethod]
    public void All_rows_missing_is_refused_even_where_rows_are_skipped()
    {
        var rows = Rows.Make(12);
        foreach (var row in rows)
            row.Features[0] = float.NaN;
        Fails.With<InvalidOperationException>("All 12 rows of the training data have a missing value in the column 'Features'",
            () => FitWithLog(options => options.MissingValues = TrainingMissingValues.Skip, rows));
    }

    [TestMethod]
    public void Fewer_rows_than_a_batch_train_with_a_warning()
    {
        var (model, log) = FitWithLog(_ => { }, Rows.Make(3));
        Assert.IsTrue(log.Any(message => message.Contains("3 training rows and the batch size is 32", StringComparison.Ordinal)));
        Assert.IsTrue(float.IsFinite(model.Threshold));
    }

    [TestMethod]
    public void A_code_as_large_as_the_input_trains_with_a_warning()
    {
        var (model, log) = FitWithLog(options => options.Code = options.Code with { Size = 9 }, Rows.Make(50));
        Assert.IsTrue(
            log.Any(message => message.Contains("The code has 9 units and the column 'Features' 5 features", StringComparison.Ordinal)));
        Assert.AreEqual(9, model.Metadata.CodeSize);
    }

    [TestMethod]
    [DataRow(InputScaling.Standardize)]
    [DataRow(InputScaling.MinMax)]
    public void Constant_features_train_with_a_warning_and_score_finitely(InputScaling scaling)
    {
        var rows = Rows.Make(50);
        foreach (var row in rows)
            (row.Features[1], row.Features[4]) = (7.3f, 0);
        var (model, log) = FitWithLog(options => options.Scaling = scaling, rows);
        Assert.IsTrue(
            log.Any(message =>
            message.Contains("2 of 5 features in the column 'Features' have one value in all training rows: 'Features[1]', 'Features[4]'",
            StringComparison.Ordinal)));
        Assert.AreEqual(1f, model.Metadata.ScalingScales[1]);
        rows[0].Features[1] = 8;
        Assert.IsTrue(Rows.Read(s_ml, model.Transform(s_ml.Data.LoadFromEnumerable(rows))).All(row => float.IsFinite(row.Score)));
    }

    [TestMethod]
    public void Two_output_columns_with_one_name_are_refused()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => Rows.Fit(s_ml, options => options.CodeColumnName = "Score"));
        StringAssert.Contains(error.Message, "Two output columns have the name 'Score': the one for 'score' and the one for 'code'");
    }

    [TestMethod]
    public void No_output_column_at_all_is_refused()
    {
        Fails.With<ArgumentException>("All output columns are null",
            () => s_ml.Autoencoders().Dense(new AutoencoderEstimator.Options { ScoreColumnName = null, PredictedLabelColumnName = null }));
    }

    [TestMethod]
    public void Options_out_of_range_are_refused_by_name_when_the_estimator_is_made()
    {
        Refused("option LearningRate is 0; expected more than 0", options => options.LearningRate = 0);
        Refused("The contamination is 0.51; expected 0 to 0.5", options =>
            options.Threshold = ThresholdRule.Contamination(0.51));
        Refused("The number of deviations is -1; expected at least 0, and no infinity", options =>
            options.Threshold = ThresholdRule.MeanPlusDeviations(-1));
        Refused("The threshold is NaN", options => options.Threshold = ThresholdRule.Fixed(float.NaN));
        Refused("options Network.OutputActivation (Sigmoid) and Scaling (Standardize) cannot be combined", options =>
            options.Network = new DenseNetworkOptions { OutputActivation = Activation.Sigmoid });

        static void Refused(string message, Action<AutoencoderEstimator.Options> change) =>
            Fails.As<ArgumentException>(message, () => Rows.Fit(s_ml, change));
    }

    [TestMethod]
    public void A_view_that_fails_midway_lets_its_own_exception_out_and_is_closed()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, 5));
        var view = new OneColumnView<VBuffer<float>>(
            builder.ToSchema(), [.. Rows.Make(20).Select(row => new VBuffer<float>(5, row.Features))]) { FailAt = 10 };
        Assert.AreEqual("The view fails here.", Assert.ThrowsExactly<IOException>(() => Rows.Fit(s_ml, view: view)).Message);
        Assert.AreEqual(view.CursorsOpened, view.CursorsDisposed);
    }

    [TestMethod]
    public void Divergence_stops_with_the_epoch_and_the_learning_rate()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => Rows.Fit(s_ml, options => (options.LearningRate, options.Scaling, options.Epochs) = (1e30, InputScaling.None, 20)));
        StringAssert.Contains(
            error.Message, "Training diverged: the loss is no longer a number in step 2 of epoch 1. Use a lower LearningRate");
        StringAssert.Contains(error.Message, "1E+30");
    }

    [TestMethod]
    public void So_does_that_of_the_cross_entropy_whose_reconstructions_are_no_numbers()
    {
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Fit(s_ml, options =>
        {
            options.Network = new DenseNetworkOptions { Hidden = [6], OutputActivation = Activation.Sigmoid };
            (options.Loss, options.Scaling) = (ReconstructionLoss.BinaryCrossEntropy, InputScaling.MinMax);
            (options.LearningRate, options.Epochs) = (1e38, 20);
        }));
        StringAssert.Contains(error.Message, "Training diverged");
    }

    [TestMethod]
    public void Training_that_explodes_in_its_last_step_gives_no_model()
    {
        Fails.With<InvalidOperationException>("Training diverged",
            () => Rows.Fit(s_ml, options => (options.LearningRate, options.Epochs, options.BatchSize) = (1e25, 1, 1000)));
    }

    [TestMethod]
    public void A_range_that_no_Single_holds_is_refused_by_the_features_name()
    {
        var rows = Rows.Make(20);
        rows[0].Features[2] = 3e38f;
        rows[1].Features[2] = -3e38f;
        Fails.With<InvalidOperationException>("The feature 'Features[2]' ranges from -3E+38 to 3E+38",
            () => Rows.Fit(s_ml, options => options.Scaling = InputScaling.MinMax, s_ml.Data.LoadFromEnumerable(rows)));
    }

    [TestMethod]
    public void So_is_one_value_whose_difference_from_the_mean_no_Single_holds()
    {
        var rows = Rows.Make(100);
        foreach (var row in rows)
            row.Features[2] = float.MinValue;
        rows[0].Features[2] = float.MaxValue;
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => Rows.Fit(s_ml, view: s_ml.Data.LoadFromEnumerable(rows)));
        StringAssert.Contains(error.Message, "The feature 'Features[2]' ranges from");
    }

    [TestMethod]
    [DataRow("Side", 3e38f, "Row 13 (counted from 0) of the column 'Side' has 3E+38, which enters the network as it is; expected at most " +
        "1E+18 either way")]
    [DataRow("Offset", -1e30f, "Row 13 (counted from 0) of the column 'Offset' has -1E+30, which enters the network as it is; expected " +
        "at most 1E+18 either way")]
    public void A_condition_or_code_offset_too_large_to_train_on_is_named(string column, float value, string message)
    {
        VariantRow[] good = VariantRows.Make(20), bad = VariantRows.Make(20);
        (column == "Side" ? bad[13].Side : bad[13].Offset)[1] = value;
        var options = VariantRows.Options();
        (options.ConditionColumnName, options.Code) = ("Side", options.Code with { OffsetColumnName = "Offset" });
        var estimator = s_ml.Autoencoders().Autoencoder(options);
        Fails.With<InvalidOperationException>(message, () => estimator.Fit(s_ml.Data.LoadFromEnumerable(bad)));
        Fails.With<InvalidOperationException>(message,
            () => estimator.Fit(s_ml.Data.LoadFromEnumerable(good), s_ml.Data.LoadFromEnumerable(bad)));

        // What is just allowed trains without a loss that is no number.
        (column == "Side" ? bad[13].Side : bad[13].Offset)[1] = 1e18f;
        using var model = estimator.Fit(s_ml.Data.LoadFromEnumerable(bad));
        Assert.HasCount(options.Epochs, model.History);
    }

    [TestMethod]
    public void A_validation_view_that_is_read_otherwise_than_the_training_rows_is_refused_before_these_are_read()
    {
        var rows = VariantRows.Make(30);
        var byOccurrence = s_ml.Data.LoadFromEnumerable(rows);
        IDataView WithKey(params string[] groups)
        {
            var mapping = s_ml.Data.LoadFromEnumerable(groups.Select(group => new VariantRow { Group = group }));
            return s_ml.Transforms.Conversion.MapValueToKey("Key", "Group").Fit(mapping).Transform(byOccurrence);
        }
        var options = VariantRows.Options();
        options.ConditionColumnName = "Key";
        void Refused(string message, IDataView validation)
        {
            var training = new ThrowingView(WithKey("red", "green", "blue"), Throws.Cursor, 0);
            Fails.With<ArgumentOutOfRangeException>(message, () => s_ml.Autoencoders().Autoencoder(options).Fit(training, validation));
        }
        Refused("The condition column 'Key' is a key with the values blue, green, red in the validation data and red, green, blue in the " +
            "training data; expected the same in the same order", WithKey("blue", "green", "red"));
        Refused("The condition column 'Key' is Key<UInt32, 0-1> in the validation data and Key<UInt32, 0-2> in the training data; " +
            "expected as many values", WithKey("blue", "green"));
        s_ml.Autoencoders().Autoencoder(options).Fit(WithKey("red", "green", "blue"), WithKey("red", "green", "blue")).Dispose();
    }

    [TestMethod]
    public void A_validation_loss_that_is_no_number_stops_the_training_after_its_first_epoch()
    {
        using var folder = new TestFolder();
        var held = Rows.Make(20);
        held[3].Features[0] = 1e25f;
        var options = Rows.Options();
        options.Checkpoint = new CheckpointOptions { Folder = folder.Path };
        var error = Assert.ThrowsExactly<InvalidOperationException>(
            () => s_ml.Autoencoders().Dense(options).Fit(Rows.View(s_ml, 50), s_ml.Data.LoadFromEnumerable(held)));
        StringAssert.Contains(
            error.Message,
            "Training diverged: the validation loss is no longer a number after epoch 1. Look for validation rows far beyond the " +
            "training rows");
    }

    [TestMethod]
    [DataRow("Nothing", "Could not find the weight column 'Nothing'")]
    [DataRow("Name", "The weight column 'Name' is Scalar of String; expected a scalar of Single")]
    public void A_wrong_weight_column_is_named_before_anything_is_trained(string column, string message)
    {
        var options = Rows.Options();
        options.WeightColumnName = column;
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense(options));
        Fails.With<ArgumentOutOfRangeException>(message, () => chain.Fit(Rows.View(s_ml, 10)));
    }

    [TestMethod]
    public void Epochs_are_told_in_the_log()
    {
        var (_, log) = FitWithLog(_ => { }, Rows.Make(50));
        Assert.AreEqual(5, log.Count(message => message.StartsWith("Epoch ", StringComparison.Ordinal)));
        StringAssert.Matches(log.First(message => message.StartsWith("Epoch 1/5", StringComparison.Ordinal)),
            new(@"^Epoch 1/5, step 2/2: loss [0-9.E+-]+, [0-9,]+ rows/s, 0:00:[0-9]{2} left$"));
    }

    private static (AutoencoderTransformer Model, List<string> Log) FitWithLog(Action<AutoencoderEstimator.Options> change, Row[] rows)
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, e) => log.Add(e.RawMessage);
        return (Rows.Fit(ml, change, ml.Data.LoadFromEnumerable(rows)), log);
    }

    private static OneColumnView<VBuffer<float>> View(DataViewType type, VBuffer<float>[] values)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", type);
        return new OneColumnView<VBuffer<float>>(builder.ToSchema(), values);
    }
}
