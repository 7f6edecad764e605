using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>Metadata that contradict themselves.</summary>
[TestClass]
public sealed class MetadataCheckTests
{
    private static readonly AutoencoderMetadata s_metadata = MadeMetadata.Plain(3, 2);

    [TestMethod]
    [DataRow("feature_names", "[\"a\",null,\"c\"]", "a null; expected texts")]
    [DataRow("feature_names", "[]", "has 0 features")]
    [DataRow("code_size", "-2", "a code of -2 units")]
    [DataRow("scaling_offsets", "0,0", "2 values; expected 3")]
    [DataRow("scaling_offsets", "0,0,NaN", "NaN; expected finite numbers")]
    [DataRow("scaling_scales", "1,0,1", "0; expected finite numbers above 0")]
    [DataRow("scaling_scales", "1,-1,1", "-1; expected finite numbers above 0")]
    [DataRow("scaling_scales", "1,Infinity,1", "expected finite numbers above 0")]
    [DataRow("feature_means", "", "0 values; expected 3")]
    [DataRow("feature_weights", "1,1", "2 values; expected 0 or 3")]
    [DataRow("feature_weights", "1,1,-1", "-1; expected finite numbers of at least 0")]
    [DataRow("likelihood_variance", "-1", "-1; expected a finite number of at least 0")]
    [DataRow("condition_size", "-1", "-1; expected 0 or more")]
    [DataRow("condition_values", "[\"red\"]", "1 values; expected 0")]
    [DataRow("class_names", "[\"a\",\"a\"]", "an empty name or one twice")]
    [DataRow("code_offset_size", "-5", "-5; expected 0 or more")]
    [DataRow("score_samples", "-5", "-5; expected 0 or more")]
    [DataRow("missing_values", "often", "'often'; expected one of nan, error, mean, hidden")]
    [DataRow("threshold", "NaN", "NaN; expected a number")]
    [DataRow("threshold", "-1234,5", "'autoencoder.threshold' that cannot be read as Single: '-1234,5'")]
    [DataRow("score_mean", "Infinity", "expected a finite number")]
    [DataRow("score_deviation", "-1", "-1; expected 0 or more")]
    [DataRow("score_quantiles", "1,2,3", "3 values; expected 0 or 1001")]
    [DataRow("code_mean", "1", "1 values; expected 0 or 2")]
    [DataRow("code_covariance", "1,0,0", "3 values; expected 0 or 2 or 4")]
    [DataRow("code_covariance", "1,0,0,NaN", "NaN; expected numbers")]
    [DataRow("code_mixture_weights", "0.5,0.5", "'autoencoder.code_mixture_means' 0 values; expected 4")]
    [DataRow("code_mixture_means", "0,0", "2 values; expected 0")]
    [DataRow("columns", "{\"score\":\"\"}", "an empty name for 'score'")]
    [DataRow("columns", "{\"score\":\"S\",\"code\":\"S\",\"features\":\"F\"}", "two outputs in the column 'S'")]
    public void A_value_that_cannot_be_is_refused_by_its_key(string key, string value, string message)
    {
        var entries = s_metadata.ToDictionary().ToDictionary(StringComparer.Ordinal);
        Assert.AreEqual(3, AutoencoderMetadata.Read(entries, "The file 'x.onnx'").FeatureCount, "as they are, the metadata are fine");
        entries[AutoencoderMetadata.Prefix + key] = value;
        var error = Assert.ThrowsExactly<InvalidDataException>(() => AutoencoderMetadata.Read(entries, "The file 'x.onnx'"));
        StringAssert.StartsWith(error.Message, "The file 'x.onnx'");
        StringAssert.Contains(error.Message, message);
    }

    [TestMethod]
    [DataRow("\"width\":3", "\"width\":2", "1 channels of 2 steps; expected 3 values together")]
    [DataRow("\"width\":3", "\"width\":2147483647", "1 channels of 2147483647 steps; expected 3 values together")]
    [DataRow("\"width\":3", "\"width\":-3", "cannot be read as WindowDescription")]
    [DataRow("[\"a\"]", "null", "cannot be read as WindowDescription")]
    [DataRow("[\"a\"]", "[null]", "cannot be read as WindowDescription")]
    [DataRow("}", "", "cannot be read as WindowDescription")]
    [DataRow("\"step\":0", "\"step\":-1", "-1; expected a finite step of at least 0")]
    [DataRow("\"V\"", "\" \"", "an empty name of a column")]
    [DataRow("\"covering_count\":0", "\"covering_count\":-5", "-5; expected a count of at least")]
    [DataRow("\"covering_quantiles\":[]", "\"covering_quantiles\":[1]", "1 values; expected 0 or 1001")]
    [DataRow("\"covering_threshold\":\"Infinity\"", "\"covering_threshold\":\"NaN\"", "NaN; expected a number for a threshold")]
    public void Windows_that_cannot_be_are_refused(string part, string other, string message)
    {
        var windows = new WindowDescription { Width = 3, Channels = ["a"], ValueColumn = "V" };
        var entries = (s_metadata with { Windows = windows }).ToDictionary().ToDictionary(StringComparer.Ordinal);
        Assert.AreEqual(3, AutoencoderMetadata.Read(entries, "The file").Windows!.Width, "as they are, the metadata are fine");
        const string key = AutoencoderMetadata.Prefix + "windows";
        StringAssert.Contains(entries[key], part);
        entries[key] = entries[key].Replace(part, other, StringComparison.Ordinal);
        Fails.With<InvalidDataException>(message, () => AutoencoderMetadata.Read(entries, "The file"));
    }

    [TestMethod]
    public void Quantiles_that_fall_are_refused()
    {
        float[] quantiles = [.. Enumerable.Range(0, AutoencoderMetadata.QuantileCount).Select(i => (float)i)];
        AutoencoderMetadata.Read((s_metadata with { ScoreQuantiles = quantiles }).ToDictionary(), "The file");
        (quantiles[500], quantiles[501]) = (quantiles[501], quantiles[500]);
        Fails.With<InvalidDataException>("expected numbers in rising order",
            () => AutoencoderMetadata.Read((s_metadata with { ScoreQuantiles = quantiles }).ToDictionary(), "The file"));
    }

    [TestMethod]
    public void A_column_may_hide_the_one_that_it_is_made_of()
    {
        var columns = new Dictionary<string, string> { [GraphNames.Features] = "F", [GraphNames.Reconstruction] = "F" };
        Assert.HasCount(2, AutoencoderMetadata.Read((s_metadata with { Columns = columns }).ToDictionary(), "The file").Columns);
    }
}
