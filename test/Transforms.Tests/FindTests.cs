using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>The autoencoder of a model, wherever it stands in the chains.</summary>
[TestClass]
public sealed class FindTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly IDataView s_rows = Rows.View(s_ml, 60);

    [TestMethod]
    public void It_is_found_in_nested_chains_as_fitted_loaded_and_upgraded()
    {
        var model = s_ml.Transforms.Concatenate("Features", "Features", "Extra").Append(
            s_ml.Transforms.NormalizeMinMax("Features").Append(s_ml.Autoencoders().Dense(Rows.Options()))).Fit(s_rows);
        var found = s_ml.Autoencoders().Find(model);
        Assert.AreSame(model.LastTransformer.LastTransformer, found);
        Assert.AreSame(found, s_ml.Autoencoders().FindAll(model).Single());
        Assert.AreSame(found, s_ml.Autoencoders().Find(found));

        using var folder = new TestFolder();
        s_ml.Model.Save(model, s_rows.Schema, folder["model.zip"]);
        foreach (var again in new[]
        {
            s_ml.Autoencoders().Load(folder["model.zip"], out DataViewSchema? _),
            s_ml.Autoencoders().Upgrade(s_ml.Model.Load(folder["model.zip"], out DataViewSchema _)),
        })
        {
            Assert.AreEqual(found.Threshold, s_ml.Autoencoders().Find(again).Threshold);
            CollectionAssert.AreEqual(found.ToOnnx(MLNetAutoencoder.Onnx.OnnxGraph.Scorer),
                s_ml.Autoencoders().Find(again).ToOnnx(MLNetAutoencoder.Onnx.OnnxGraph.Scorer));
            (again as IDisposable)?.Dispose();
        }

        // As ML.NET opens it, it is a chain of stock transformers.
        var stock = s_ml.Model.Load(folder["model.zip"], out DataViewSchema _);
        Fails.With<ArgumentException>("OnnxTransformer", () => s_ml.Autoencoders().Find(stock));
        (stock as IDisposable)?.Dispose();
    }

    [TestMethod]
    public void Where_there_is_none_or_more_than_one_the_parts_are_listed()
    {
        var without = s_ml.Transforms.CopyColumns("F", "Features").Append(s_ml.Transforms.NormalizeMinMax("F")).Fit(s_rows);
        Assert.IsEmpty(s_ml.Autoencoders().FindAll(without));
        StringAssert.Contains(Assert.ThrowsExactly<ArgumentException>(() => s_ml.Autoencoders().Find(without)).Message,
            "The model (ColumnCopyingTransformer, NormalizingTransformer) holds no autoencoder of this library. Where ML.NET opened it " +
            "from a file, give it to Upgrade first.");

        using var one = Rows.Fit(s_ml, options => options.Epochs = 0);
        var two = new TransformerChain<ITransformer>(one, new TransformerChain<ITransformer>(one.Scorer));
        Assert.HasCount(2, s_ml.Autoencoders().FindAll(two));
        Fails.With<ArgumentException>("holds 2 autoencoders; expected one. FindAll gives all of them.",
            () => s_ml.Autoencoders().Find(two));
        Assert.ThrowsExactly<ArgumentNullException>(() => s_ml.Autoencoders().Find(null!));
    }
}
