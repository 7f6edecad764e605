using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>Encoder, decoder, reconstructor and scorer of a fitted model.</summary>
[TestClass]
public sealed class PartsTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    public void A_part_is_made_once_and_again_when_a_user_has_disposed_it()
    {
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        var generator = model.Generator;
        Assert.AreSame(generator, model.Generator);
        foreach (Func<AutoencoderTransformer> part in new Func<AutoencoderTransformer>[]
        {
            () => model.Encoder, () => model.Decoder, () => model.Reconstructor, () => model.Scorer,
        })
        {
            var first = part();
            Assert.AreSame(first, part());
            first.Dispose();
            Assert.ThrowsExactly<ObjectDisposedException>(() => first.GetOutputSchema(Rows.View(s_ml, 1).Schema));
            Assert.AreNotSame(first, part());
        }
        Assert.HasCount(20, model.Encoder.Transform(Rows.View(s_ml, 20)).GetColumn<float[]>("Code").ToArray());
        Assert.HasCount(3, generator.Sample(3, seed: 1).GetColumn<float[]>("Reconstruction").ToArray(),
            "the generator's decoder is its own");
    }

    [TestMethod]
    [DataRow(null, "Code")]
    [DataRow("Spread", "Code Spread")]
    public void The_encoder_gives_the_variance_where_it_has_a_column(string? column, string expected)
    {
        var rows = VariantRows.View(s_ml, 30);
        using var model = s_ml.Autoencoders().Autoencoder(new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [4] },
            Code = new CodeOptions { Size = 2, Variational = new VariationalOptions() },
            CodeLogVarianceColumnName = column,
            Epochs = 0,
            Seed = 1,
        }).Fit(rows);
        var encoded = model.Encoder.Transform(rows);
        Assert.AreEqual(expected, string.Join(' ', encoded.Schema.Skip(rows.Schema.Count).Select(added => added.Name)));
        if (column is null)
            return;
        CollectionAssert.AreEqual(
            model.Transform(rows).GetColumn<float[]>(column).SelectMany(row => row).ToArray(),
            encoded.GetColumn<float[]>(column).SelectMany(row => row).ToArray());

        using var folder = new TestFolder();
        s_ml.Model.Save(model.Encoder, rows.Schema, folder["encoder.zip"]);
        using var again = (AutoencoderTransformer)s_ml.Autoencoders().Load(folder["encoder.zip"], out DataViewSchema? _);
        Assert.AreEqual(expected, string.Join(' ', again.GetOutputSchema(rows.Schema).Skip(rows.Schema.Count).Select(added => added.Name)));
    }
}
