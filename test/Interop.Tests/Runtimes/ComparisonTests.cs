using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>What passes for the same numbers, and what does not.</summary>
[TestClass]
public sealed class ComparisonTests
{
    private static readonly ExportedFile s_file = new(
        "file", [], [new ExpectedRun([new NamedArray("x", new float[] { 1 }, 1, 1)],
        [new NamedArray("y", new[] { 2f, -100, float.NaN, float.PositiveInfinity }, 1, 4)])]);

    [TestMethod]
    public void Numbers_within_the_tolerance_are_the_same() =>
        Assert.IsEmpty(Compare(2.00001f, -100.0009f, float.NaN, float.PositiveInfinity));

    [TestMethod]
    public void Other_numbers_shapes_types_and_lacking_outputs_are_told()
    {
        Told("y, value 0: 2.0001 in the place of 2", Compare(2.0001f, -100, float.NaN, float.PositiveInfinity));
        Told("y, value 1: -100.01 in the place of -100", Compare(2, -100.01f, float.NaN, float.PositiveInfinity));
        Told("y, value 2: 0 in the place of NaN", Compare(2, -100, 0, float.PositiveInfinity));
        Told("y, value 3: NaN in the place of ", Compare(2, -100, float.NaN, float.NaN));
        Told("y, value 3: 3E+38 in the place of ", Compare(2, -100, float.NaN, 3e38f));
        Told("y: Single[4, 1] in the place of Single[1, 4]", Compare(new NamedArray("y", new float[4], 4, 1)));
        Told("y: Double[1, 4] in the place of Single[1, 4]", Compare(new NamedArray("y", new double[4], 1, 4)));
        Told("y: it was not given", Compare(new NamedArray("z", new float[4], 1, 4)));
        Told("file: broken", Compare(s_file, new ToolResult("broken", null, [], null, new Dictionary<string, string>())));
        Told("file: 0 runs in the place of 1", Compare(s_file, new ToolResult(null, null, [], null, new Dictionary<string, string>())));
    }

    [TestMethod]
    public void A_decision_may_differ_only_next_to_the_threshold_and_a_probability_is_that_of_the_score_given()
    {
        var metadata = EveryVariant.Fitted("dense").Metadata with { Threshold = 0.5f };
        float first = metadata.ScoreQuantiles[500], second = metadata.ScoreQuantiles[501];
        Assert.IsEmpty(Compare(Scorer(0.5f, false, 0.1f), Scored(0.500004f, true, metadata, 0.500004f)));
        Told("is_anomaly, value 0: True in the place of False",
            Compare(Scorer(0.4f, false, 0.1f), Scored(0.400001f, true, metadata, 0.400001f)));
        Assert.IsEmpty(Compare(Scorer(first, false, 0.5f), Scored(first, false, metadata, first)));
        Told("probability, value 0: ", Compare(Scorer(first, false, 0.5f), Scored(first, false, metadata, second)));

        ExportedFile Scorer(float score, bool decision, float probability) =>
            s_file with { Metadata = metadata, Runs = [new ExpectedRun(s_file.Runs[0].Inputs, Outputs(score, decision, probability))] };
        static ToolResult Scored(float score, bool decision, AutoencoderMetadata metadata, float scoreOfProbability) =>
            Result(Outputs(score, decision, (float)ProbabilityDefinition.Of(metadata.ScoreQuantiles, scoreOfProbability)));
        static NamedArray[] Outputs(float score, bool decision, float probability) =>
            [new(GraphNames.Score, new[] { score }, 1, 1), new(GraphNames.IsAnomaly, new[] { decision }, 1, 1),
                new(GraphNames.Probability, new[] { probability }, 1, 1)];
    }

    private static IReadOnlyList<string> Compare(params float[] values) => Compare(new NamedArray("y", values, 1, 4));

    private static IReadOnlyList<string> Compare(NamedArray given) => Compare(s_file, Result(given));

    private static IReadOnlyList<string> Compare(ExportedFile file, ToolResult result)
    {
        var comparison = new Comparison();
        comparison.Add(file, result);
        return comparison.Wrong;
    }

    private static ToolResult Result(params NamedArray[] outputs) => new(null, null, [outputs], null, new Dictionary<string, string>());

    private static void Told(string expected, IReadOnlyList<string> wrong)
    {
        Assert.HasCount(1, wrong);
        StringAssert.Contains(wrong[0], expected);
    }
}
