using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A vector that is known of each row is added to its code, in training and in scoring.</summary>
[TestClass]
public sealed class CodeOffsetTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    private static AutoencoderTransformer Fit(Func<CodeOptions, CodeOptions> change)
    {
        var options = VariantRows.Options();
        options.Code = options.Code with { OffsetColumnName = "Offset" };
        options.CodeColumnName = "Code";
        options.ReconstructionColumnName = "Reconstruction";
        (options.Epochs, options.LearningRate) = (60, 0.01);
        options.Code = change(options.Code);
        return s_ml.Autoencoders().Autoencoder(options).Fit(VariantRows.View(s_ml, 600));
    }

    public static IEnumerable<object[]> Encoders => [["as it is"], ["encoded"]];

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void A_model_trained_with_offsets_needs_the_right_ones(string how)
    {
        using var model = Fit(code => code with { OffsetHidden = how == "encoded" ? [4] : null });
        var rows = VariantRows.Make(300, seed: 77);
        double right = Error(rows);

        // Each row gets the offset of another.
        float[][] offsets = [.. rows.Select(row => row.Offset)];
        for (int i = 0; i < rows.Length; i++)
            rows[i].Offset = offsets[(i + 1) % rows.Length];
        double shuffled = Error(rows);

        // As it is, the offset is as large as the code's own part: with that of another row the decoder gets a code
        // from elsewhere. An encoder of the offset may learn to make
        // it small, and does here: 0.85 was measured.
        Assert.IsLessThan(shuffled * (how == "encoded" ? 0.95 : 0.5), right);

        double Error(VariantRow[] some) => model.Transform(s_ml.Data.LoadFromEnumerable(some)).GetColumn<float>("Score")
            .Average(score => (double)score);
    }

    [TestMethod]
    public void The_code_is_the_sum_and_decodes_alone()
    {
        using var model = Fit(code => code);
        var rows = VariantRows.Make(50, seed: 8);
        float[][] with = Codes(rows);
        foreach (var row in rows)
            row.Offset = [0, 0];
        float[][] without = Codes(rows);
        var fresh = VariantRows.Make(50, seed: 8);
        for (int i = 0; i < rows.Length; i++)
        {
            for (int unit = 0; unit < 2; unit++)
                Assert.AreEqual(without[i][unit] + fresh[i].Offset[unit], with[i][unit], 1e-5);
        }

        var scored = model.Transform(s_ml.Data.LoadFromEnumerable(fresh));
        var decoded = model.Decoder.Transform(model.Encoder.Transform(s_ml.Data.LoadFromEnumerable(fresh)));
        Assert.IsLessThanOrEqualTo(1e-5, Rows.Difference(
            [.. scored.GetColumn<float[]>("Reconstruction").SelectMany(row => row)],
            [.. decoded.GetColumn<float[]>("Reconstruction").SelectMany(row => row)]));

        float[][] Codes(VariantRow[] some) => [.. model.Encoder.Transform(s_ml.Data.LoadFromEnumerable(some)).GetColumn<float[]>("Code")];
    }

    [TestMethod]
    [DynamicData(nameof(Encoders))]
    public void Exported_graphs_take_the_offset_as_a_second_input(string how)
    {
        using var model = Fit(code => how == "encoded" ? code with { OffsetColumnName = "Side", OffsetHidden = [] } : code);
        using var folder = new TestFolder();
        model.ExportOnnx(folder["encoder.onnx"], folder["decoder.onnx"], folder["scorer.onnx"]);
        int width = how == "encoded" ? 3 : 2;
        foreach (string file in new[] { "encoder.onnx", "scorer.onnx" })
        {
            using var session = new Microsoft.ML.OnnxRuntime.InferenceSession(folder[file]);
            CollectionAssert.AreEqual(new[] { GraphNames.Features, GraphNames.CodeOffset }, session.InputMetadata.Keys.ToArray());
            CollectionAssert.AreEqual(new[] { -1, width }, session.InputMetadata[GraphNames.CodeOffset].Dimensions);
        }
        using var decoder = new Microsoft.ML.OnnxRuntime.InferenceSession(folder["decoder.onnx"]);
        CollectionAssert.AreEqual(new[] { GraphNames.Code }, decoder.InputMetadata.Keys.ToArray());
    }

    [TestMethod]
    public void A_column_of_another_length_than_the_code_is_refused_by_name()
    {
        var error = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Fit(code => code with { OffsetColumnName = "Side" }));
        StringAssert.Contains(
            error.Message,
            "The code offset column 'Side' is Vector<Single, 3>; the code has 2 units, so expected a vector of Single of size 2. Set " +
            "Code.OffsetHidden");
        Fails.With<ArgumentOutOfRangeException>("Could not find the input column 'Nowhere'",
            () => Fit(code => code with { OffsetColumnName = "Nowhere" }));
    }
}
