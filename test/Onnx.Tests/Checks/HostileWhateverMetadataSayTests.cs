using MLNetAutoencoder.Onnx;
using static MLNetAutoencoder.Tests.Onnx.ChangedScorer;

namespace MLNetAutoencoder.Tests.Onnx;

/// <summary>
/// A file that would end the process, or ask for endless memory, is refused whatever its metadata say of its origin. Each is read in a
/// process that may die.
/// </summary>
[TestClass]
public sealed class HostileWhateverMetadataSayTests
{
    private const string Hostile = "hostile";

    private static FuzzProcess? process;

    [ClassCleanup]
    public static void Stop() => process?.Dispose();

    [TestMethod]
    public void The_same_file_without_what_is_hostile_scores()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        var (outcome, reason) = Read(scorer.Build(scorer.Node("Neg", "harmless", [Code])));
        Assert.AreEqual("Scored", outcome, reason);
    }

    [TestMethod]
    [DataRow("Div", long.MinValue, -1L)]
    [DataRow("Div", 1L, 0L)]
    [DataRow("Mod", long.MinValue, -1L)]
    [DataRow("Mod", 1L, 0L)]
    public void Stored_whole_numbers_that_cannot_be_divided_are_refused(string operation, long dividend, long divisor)
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string[] inputs = [scorer.Integers("dividend", [dividend], 1), scorer.Integers("divisor", [divisor], 1)];
        string quotient = scorer.Node(operation, Hostile, inputs);
        Refused(scorer.BuildWith(scorer.Node("Cast", "quotient", [quotient], Attribute("to", TensorTypes.Single))), operation);
    }

    [TestMethod]
    [DataRow("Div", TensorTypes.Int64)]
    [DataRow("Div", TensorTypes.Int32)]
    [DataRow("Mod", TensorTypes.Int64)]
    [DataRow("Mod", TensorTypes.Int32)]
    public void A_division_of_whole_numbers_by_a_value_of_the_rows_is_refused(string operation, int type)
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string whole = scorer.Node("Cast", "whole", [Code], Attribute("to", type));
        string nothing = scorer.Node("Sub", "whole_nothing", [whole, whole]);
        string quotient = scorer.Node(operation, Hostile, [whole, nothing]);
        Refused(scorer.Build(scorer.Node("Cast", "number", [quotient], Attribute("to", TensorTypes.Single))), operation);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_Expand_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        RefusedAsGiant(scorer, scorer.Node("Expand", Hostile, [scorer.Singles("one", [1], 1, 1), Lengths(scorer)]), "Expand", 0, 1);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_for_a_row_by_Expand_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string row = scorer.Node("Reshape", "row", [Code, scorer.Integers("row_lengths", [-1, 2, 1, 1], 4)]);
        string giant = scorer.Node("Expand", Hostile, [row, scorer.Integers("lengths", [1, 1, 1 << 20, 1 << 20], 4)]);
        Refused(scorer.Build(Largest(scorer, giant, 2, 3)), "Expand");
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_ConstantOfShape_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        RefusedAsGiant(scorer, scorer.Node("ConstantOfShape", Hostile, [Lengths(scorer)]), "ConstantOfShape", 0, 1);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_Tile_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        RefusedAsGiant(scorer, scorer.Node("Tile", Hostile, [scorer.Singles("one", [1], 1, 1), Lengths(scorer)]), "Tile", 0, 1);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_Resize_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string image = scorer.Singles("one", [1], 1, 1, 1, 1), scales = scorer.Singles("scales", [1, 1, 1 << 20, 1 << 20], 4);
        string giant = scorer.Node("Resize", Hostile, [image, "", scales], Attribute("mode", "nearest"));
        RefusedAsGiant(scorer, giant, "Resize", 0, 1, 2, 3);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_the_sizes_of_Resize_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string image = scorer.Singles("one", [1], 1, 1, 1, 1), sizes = scorer.Integers("sizes", [1, 1, 1 << 20, 1 << 20], 4);
        string giant = scorer.Node("Resize", Hostile, [image, "", "", sizes], Attribute("mode", "nearest"));
        RefusedAsGiant(scorer, giant, "Resize", 0, 1, 2, 3);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_Pad_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string pads = scorer.Integers("pads", [0, 0, 1 << 20, 1 << 20], 4);
        RefusedAsGiant(scorer, scorer.Node("Pad", Hostile, [scorer.Singles("one", [1], 1, 1), pads]), "Pad", 0, 1);
    }

    [TestMethod]
    public void Two_to_the_forty_elements_by_Range_are_refused()
    {
        var scorer = new ChangedScorer(AutoencoderMetadata.Imported);
        string[] range = [scorer.Integers("start", [0]), scorer.Integers("limit", [1L << 40]), scorer.Integers("delta", [1])];
        string giant = scorer.Node("Range", Hostile, range);
        RefusedAsGiant(scorer, scorer.Node("Cast", "numbers", [giant], Attribute("to", TensorTypes.Single)), "Range", 0);
    }

    private static string Lengths(ChangedScorer scorer) => scorer.Integers("lengths", [1 << 20, 1 << 20], 2);

    private static void RefusedAsGiant(ChangedScorer scorer, string giant, string operation, params long[] axes) =>
        Refused(scorer.BuildWith(Largest(scorer, giant, axes)), operation);

    private static string Largest(ChangedScorer scorer, string giant, params long[] axes) =>
        scorer.Node("ReduceMax", "largest", [giant], Attribute("axes", axes), Attribute("keepdims", 0));

    /// <summary>It is refused before ONNX Runtime sees it, by a message that names node and operator.</summary>
    private static void Refused(byte[] file, string operation)
    {
        var (outcome, reason) = Read(file);
        Assert.AreEqual("Refused", outcome, reason);
        StringAssert.Contains(reason, $"'{Hostile}'");
        StringAssert.Contains(reason, operation);
    }

    private static (string Outcome, string Reason) Read(byte[] file) => (process ??= new FuzzProcess()).Read(kind: 0, file);
}
