using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>New rows from a model that has a condition and a code offset.</summary>
[TestClass]
public sealed class ConditionalGenerationTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly VariantRow[] s_rows = VariantRows.Make(6, seed: 13);
    private static AutoencoderTransformer s_model = null!;

    [ClassInitialize]
    public static void MakeModel(TestContext _) => s_model = Fit();

    [ClassCleanup]
    public static void DisposeModel() => s_model.Dispose();

    private static AutoencoderTransformer Fit(Action<AutoencoderEstimator.Options>? change = null)
    {
        var options = VariantRows.Options();
        options.Network = new DenseNetworkOptions { Hidden = [10], Activation = Activation.Tanh };
        options.LearningRate = 0.01;
        options.ConditionColumnName = "Key";
        options.Code = options.Code with { OffsetColumnName = "Offset" };
        options.CodeColumnName = "Code";
        options.ReconstructionColumnName = "Reconstruction";
        change?.Invoke(options);
        return s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 200));
    }

    private static float[] OneHot(int group) => [.. Enumerable.Range(0, 3).Select(i => i == group ? 1f : 0)];

    [TestMethod]
    public void Samples_of_another_condition_have_the_same_codes_and_other_reconstructions()
    {
        IDataView red = s_model.Generator.Sample(50, seed: 1, condition: OneHot(0)),
            blue = s_model.Generator.Sample(50, seed: 1, condition: OneHot(2));
        Assert.AreEqual("Code:Vector<Single, 2> Key:Vector<Single, 3> Reconstruction:Vector<Single, 12>",
            string.Join(' ', red.Schema.Select(column => $"{column.Name}:{column.Type}")));
        CollectionAssert.AreEqual(Column(red, "Code"), Column(blue, "Code"));
        CollectionAssert.AreEqual(Enumerable.Range(0, 50).SelectMany(_ => OneHot(2)).ToArray(), Column(blue, "Key"));
        Assert.IsGreaterThan(0.01, Rows.Difference(Column(red, "Reconstruction"), Column(blue, "Reconstruction")));
        CollectionAssert.AreEqual(Column(red, "Reconstruction"), Column(red, "Reconstruction"));
    }

    [TestMethod]
    public void Reconstructions_are_what_the_decoder_makes_of_codes_with_the_key()
    {
        // Rows 1 and 4 are of one group; the model's own columns say what their codes and reconstructions are.
        var scored = s_model.Transform(s_ml.Data.TakeRows(VariantRows.View(s_ml, 6, seed: 13), 6));
        float[][] codes = [.. scored.GetColumn<float[]>("Code")], reconstructions = [.. scored.GetColumn<float[]>("Reconstruction")];
        var view = s_model.Generator.Interpolate(s_rows[1].Features, s_rows[4].Features, 5, condition: OneHot(1),
            fromCodeOffset: s_rows[1].Offset, toCodeOffset: s_rows[4].Offset);
        float[] found = Column(view, "Code"), rebuilt = Column(view, "Reconstruction");

        // Batches of other sizes run under other kernels, which round otherwise.
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference([.. codes[1], .. codes[4]], [.. found[..2], .. found[^2..]]));
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(
            [.. reconstructions[1], .. reconstructions[4]], [.. rebuilt[..12], .. rebuilt[^12..]]));

        float[] turned = Column(s_model.Generator.Traverse(s_rows[4].Features, 0, -1, 1, 3, OneHot(1), s_rows[4].Offset), "Code");
        CollectionAssert.AreEqual(new[] { -1, found[^1], 0, found[^1], 1, found[^1] }, turned);
    }

    [TestMethod]
    public void The_loaded_model_makes_the_same()
    {
        using var folder = new TestFolder();
        s_ml.Model.Save(s_model, VariantRows.View(s_ml, 1).Schema, folder["model.zip"]);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["model.zip"], out DataViewSchema? _);
        foreach (string column in new[] { "Code", "Key", "Reconstruction" })
            CollectionAssert.AreEqual(Column(s_model.Generator.Sample(30, seed: 2, condition: OneHot(1)), column),
                Column(loaded.Generator.Sample(30, seed: 2, condition: OneHot(1)), column));
    }

    [TestMethod]
    public void The_condition_can_be_read_alone_and_the_code_without_it()
    {
        var view = s_model.Generator.Sample(3, seed: 1, condition: OneHot(1));
        using var cursor = view.GetRowCursor([view.Schema["Key"]]);
        var read = cursor.GetGetter<VBuffer<float>>(view.Schema["Key"]);
        VBuffer<float> value = default;
        Assert.IsTrue(cursor.MoveNext());
        read(ref value);
        CollectionAssert.AreEqual(OneHot(1), value.DenseValues().ToArray());
        Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<VBuffer<float>>(view.Schema["Code"]));
    }

    [TestMethod]
    public void A_condition_or_code_offset_that_is_missing_or_not_the_models_is_refused_by_name()
    {
        var generator = s_model.Generator;
        float[] row = s_rows[1].Features, offset = s_rows[1].Offset;
        Refuses(() => generator.Sample(1, seed: 1),
            "The condition has 0 values; the model takes 3, in the column 'Key'. (Parameter 'condition')");
        Refuses(() => generator.Interpolate(row, row, 2), "The condition has 0 values");
        Refuses(() => generator.Traverse(row, 0, 0, 1, 2, new float[4], offset), "The condition has 4 values; the model takes 3");
        Refuses(() => generator.Interpolate(row, row, 2, condition: OneHot(1), fromCodeOffset: offset),
            "The code offset of the row has 0 values; the model takes 2. (Parameter 'toCodeOffset')");
        Refuses(() => generator.Interpolate(row, row, 2, condition: OneHot(1), toCodeOffset: offset), "(Parameter 'fromCodeOffset')");
        Refuses(() => generator.Traverse(row, 0, 0, 1, 2, OneHot(1)), "(Parameter 'codeOffset')");

        using var plain = Rows.Fit(s_ml, options => options.Epochs = 0);
        Refuses(() => plain.Generator.Sample(1, seed: 1, condition: OneHot(1)), "The condition has 3 values; the model has none");
        Refuses(() => plain.Generator.Traverse(new float[5], 0, 0, 1, 2, codeOffset: offset),
            "The code offset of the row has 2 values; the model takes 0");

        using var refusing = Fit(options => (options.Epochs, options.ScoringMissingValues) = (0, ScoringMissingValues.Refuse));
        Refuses(() => refusing.Generator.Sample(1, seed: 1, condition: [0, float.NaN, 0]),
            "There is NaN in place 1, and the autoencoder was made to refuse missing values when it scores. (Parameter 'condition')");
        Refuses(() => refusing.Generator.Traverse(row, 0, 0, 1, 2, OneHot(1), [float.PositiveInfinity, 0]), "There is Infinity in place 0");
    }

    [TestMethod]
    public void A_variational_conditional_model_is_sampled_from_its_prior()
    {
        using var model = Fit(options =>
            options.Code = options.Code with { OffsetColumnName = null, Variational = new VariationalOptions() });
        Assert.AreEqual(CodeDistribution.StandardNormal, model.Generator.DefaultDistribution);
        float[] codes = Column(model.Generator.Sample(2000, seed: 3, condition: OneHot(0)), "Code");

        // To within five standard errors of 4,000 numbers.
        Assert.AreEqual(0, codes.Average(value => (double)value), 5 / Math.Sqrt(4000));
        Assert.AreEqual(1, codes.Average(value => (double)value * value), 5 * Math.Sqrt(2 / 4000.0));
    }

    private static float[] Column(IDataView view, string name) => [.. view.GetColumn<float[]>(name).SelectMany(values => values)];

    private static void Refuses(Func<object> action, string message) =>
        Fails.With<ArgumentException>(message, action);
}
