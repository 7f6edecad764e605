using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>The installed tool on the two demo sets, from the file to the measures, and what it shares with ML.NET.</summary>
[TestClass]
public sealed class DemoSetTests
{
    private static readonly Lazy<ToolRun> s_train = new(() =>
        InstalledTool.Run("train", "breast-cancer.csv", "--label", "Label", "--train-on-normal", "--json"));

    public TestContext TestContext { get; set; } = null!;

    /// <summary>The model of the breast-cancer set.</summary>
    public static string Model
    {
        get
        {
            s_train.Value.Ends(0);
            return "breast-cancer.model.zip";
        }
    }

    [TestMethod]
    public void Each_package_is_small_enough_and_the_command_tells_its_version()
    {
        InstalledTool.Run("--version").Ends(0).Says("0.1.0");
        FileInfo[] packages = [.. new DirectoryInfo(InstalledTool.Packages).GetFiles("*.nupkg")];
        Assert.HasCount(2, packages);
        foreach (var package in packages)
        {
            TestContext.WriteLine($"{package.Name}: {package.Length / 1e6:F1} MB");
            Assert.IsLessThan(250_000_000, package.Length, package.Name);
        }
    }

    [TestMethod]
    public void Train_finds_the_columns_and_evaluates()
    {
        var document = s_train.Value.Ends(0).Json;
        Assert.AreEqual(357, (int)document["rows"]!);
        Assert.AreEqual(30, (int)document["features"]!);
        Assert.AreEqual("label", (string)document["columns"]![0]!["use"]!);
        Assert.IsGreaterThan(0.97, (double)document["evaluation"]!["areaUnderRocCurve"]!);
        Assert.IsGreaterThan(0.95, (double)document["evaluation"]!["averagePrecision"]!);
        Assert.IsLessThan(0.03, (double)document["flaggedShare"]!);
        Assert.HasCount(5, document["tellingColumns"]!.AsArray());
    }

    [TestMethod]
    public void Score_keeps_the_rows_and_adds_what_the_library_says()
    {
        InstalledTool.Run("score", "breast-cancer.csv", "-m", Model, "-o", "scored.csv", "--explain", "3").Ends(0).Says("569 rows");
        string[] before = File.ReadAllLines(InstalledTool.PathOf("breast-cancer.csv")),
            after = File.ReadAllLines(InstalledTool.PathOf("scored.csv"));
        Assert.HasCount(before.Length, after);
        Assert.AreEqual(before[0] + ",score,p_value,anomaly,feature_1,value_1,expected_1,share_1,feature_2,value_2,expected_2,share_2," +
            "feature_3,value_3,expected_3,share_3", after[0]);
        var ml = new MLContext();
        using var model = (IDisposable)ml.Autoencoders().Load(InstalledTool.PathOf(Model), out var schema);
        string[] names = before[0].Split(',');
        var rows = ml.Data.LoadFromTextFile(InstalledTool.PathOf("breast-cancer.csv"),
            [.. names.Select((name, i) => new TextLoader.Column(name, DataKind.Single, i))], ',', hasHeader: true);
        var scored = ((ITransformer)model).Transform(rows);
        float[] scores = [.. scored.GetColumn<float>("Score")], pValues = [.. scored.GetColumn<float>("PValue")];
        bool[] decisions = [.. scored.GetColumn<bool>("PredictedLabel")];
        for (int i = 0; i < scores.Length; i++)
        {
            Assert.StartsWith(before[i + 1] + ",", after[i + 1]);
            string[] added = after[i + 1][(before[i + 1].Length + 1)..].Split(',');

            // Other batches, and so other kernels of ONNX Runtime: the last digits differ.
            Assert.AreEqual(scores[i], float.Parse(added[0], CultureInfo.InvariantCulture), 1e-4 * scores[i], $"row {i + 1}");
            Assert.AreEqual(pValues[i], float.Parse(added[1], CultureInfo.InvariantCulture), 0.01, $"row {i + 1}");
            Assert.AreEqual(decisions[i] ? "true" : "false", added[2]);
            Assert.AreEqual(before[i + 1].Split(',')[Array.IndexOf(names, added[3])], added[4]);
            Assert.IsGreaterThanOrEqualTo(float.Parse(added[10], CultureInfo.InvariantCulture),
                float.Parse(added[6], CultureInfo.InvariantCulture));
        }
    }

    [TestMethod]
    public void Stock_ML_NET_opens_the_model()
    {
        var ml = new MLContext();
        var model = ml.Model.Load(InstalledTool.PathOf(Model), out var schema);
        Assert.HasCount(30, schema);
        Assert.IsTrue(schema.All(column => column.Type == NumberDataViewType.Single));
        Assert.IsNotNull(model.GetOutputSchema(schema).GetColumnOrNull("Score"));
    }

    [TestMethod]
    public void Digits_are_told_apart()
    {
        var document = InstalledTool.Run("train", "digits.csv", "--exclude", "Dig*", "--label", "Label", "--train-on-normal",
            "--variant", "dense", "--epochs", "30", "--code", "8", "--json", "-o", "digits.zip").Ends(0).Json;
        Assert.AreEqual("excluded", (string)document["columns"]![1]!["use"]!);
        Assert.IsGreaterThan(0.85, (double)document["evaluation"]!["areaUnderRocCurve"]!);

        var again = InstalledTool.Run("evaluate", "digits.csv", "-m", "digits.zip", "--json").Ends(0).Json;
        Assert.AreEqual((double)document["evaluation"]!["areaUnderRocCurve"]!, (double)again["evaluation"]!["areaUnderRocCurve"]!, 1e-6);
    }
}
