using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Where a class has the features as an array without a size, the message tells what gives it one: other advice leads to the same message
/// again.
/// </summary>
[TestClass]
public sealed class UnsizedVectorTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly Lazy<AutoencoderTransformer> s_model = new(() => Rows.Fit(s_ml, options => options.Epochs = 0));

    private static readonly UnsizedRow[] s_rows = [.. Rows.Make(20).Select(row => new UnsizedRow { Features = row.Features })];

    [TestMethod]
    public void Fitting_tells_it() =>
        AssertTells(() => s_ml.Autoencoders().Dense(Rows.Options()).Fit(s_ml.Data.LoadFromEnumerable(s_rows)));

    [TestMethod]
    public void Fitting_a_chain_tells_it()
    {
        var chain = s_ml.Transforms.CopyColumns("Copy", "Features").Append(s_ml.Autoencoders().Dense(Rows.Options()));
        AssertTells(() => chain.Fit(s_ml.Data.LoadFromEnumerable(s_rows)));
    }

    [TestMethod]
    public void The_advice_of_putting_it_through_Concatenate_is_not_given_alone()
    {
        // The vector that Concatenate makes of it has no size either.
        var chain = s_ml.Transforms.Concatenate("Features", "Features").Append(s_ml.Autoencoders().Dense(Rows.Options()));
        AssertTells(() => chain.Fit(s_ml.Data.LoadFromEnumerable(s_rows)));
    }

    [TestMethod]
    public void Scoring_tells_it() => AssertTells(() => s_model.Value.Transform(s_ml.Data.LoadFromEnumerable(s_rows)));

    [TestMethod]
    public void A_prediction_engine_tells_it() =>
        AssertTells(() => s_ml.Model.CreatePredictionEngine<UnsizedRow, ScoredRow>(s_model.Value));

    [TestMethod]
    public void What_is_told_helps()
    {
        var schema = SchemaDefinition.Create(typeof(UnsizedRow));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, Row.FeatureCount);
        var scored = s_model.Value.Transform(s_ml.Data.LoadFromEnumerable(s_rows, schema));
        Assert.IsTrue(scored.GetColumn<float>("Score").All(float.IsFinite));
    }

    private static void AssertTells(Action action)
    {
        var error = Assert.Throws<ArgumentException>(action);
        StringAssert.Contains(error.Message, "[VectorType(");
        StringAssert.Contains(error.Message, "SchemaDefinition");
        StringAssert.Contains(error.Message, "'Features'");
    }

    private sealed class UnsizedRow
    {
        public float[] Features { get; set; } = [];
    }
}
