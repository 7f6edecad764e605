using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Where the system's folder for temporary files cannot be used and the context names another, models open and save wherever ML.NET's own
/// do.
/// </summary>
[TestClass]
[OSCondition(OperatingSystems.Linux | OperatingSystems.OSX)]
public sealed class MissingTemporaryFolderTests
{
    private const string Variable = "TMPDIR";

    private static readonly string s_path = GoldenFile.Zip("dense");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void A_model_opens() => OwnProcess.Run(TestContext, () =>
    {
        using var folder = new TestFolder();
        var ml = WithoutTemporaryFolder(folder);
        using var model = (AutoencoderTransformer)ml.Autoencoders().Load(s_path, out DataViewSchema? _);
        AssertScores(ml, model);
    });

    [TestMethod]
    public void A_model_is_upgraded() => OwnProcess.Run(TestContext, () =>
    {
        using var folder = new TestFolder();
        var ml = WithoutTemporaryFolder(folder);
        using var model = (AutoencoderTransformer)ml.Autoencoders().Upgrade(ml.Model.Load(s_path, out DataViewSchema _));
        AssertScores(ml, model);
    });

    [TestMethod]
    public void A_model_is_saved() => OwnProcess.Run(TestContext, () =>
    {
        using var folder = new TestFolder();
        var ml = WithoutTemporaryFolder(folder);
        using var model = ml.Autoencoders().FromOnnx(GoldenFile.Graph("dense"));
        ml.Model.Save(model, null, folder["model.zip"]);
        var stock = ml.Model.Load(folder["model.zip"], out DataViewSchema _);
        Assert.HasCount(3, GoldenFile.Values(stock.Transform(GoldenView(ml)), "Score"));
        (stock as IDisposable)?.Dispose();
    });

    [TestMethod]
    public void After_a_failure_a_model_opens_once_the_folder_is_there() => OwnProcess.Run(TestContext, () =>
    {
        using var folder = new TestFolder();
        string? before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, Unusable(folder));
        var ml = new MLContext(seed: 1);
        try
        {
            // Without any folder it may fail.
            (ml.Autoencoders().Load(s_path, out DataViewSchema? _) as IDisposable)?.Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            TestContext.WriteLine(e.Message);
        }
        Environment.SetEnvironmentVariable(Variable, before);
        ml = new MLContext(seed: 1);
        using var model = (AutoencoderTransformer)ml.Autoencoders().Load(s_path, out DataViewSchema? _);
        AssertScores(ml, model);
    });

    /// <summary>A folder that cannot be made: ML.NET makes one that is only missing.</summary>
    private static string Unusable(TestFolder folder)
    {
        File.WriteAllText(folder["file"], "");
        return Path.Combine(folder["file"], "below");
    }

    /// <summary>A context of a process whose folder is missing, by which ML.NET's own loader opens the model.</summary>
    private static MLContext WithoutTemporaryFolder(TestFolder folder)
    {
        string own = Directory.CreateDirectory(folder["own"]).FullName;
        Environment.SetEnvironmentVariable(Variable, Unusable(folder));
        Assert.IsFalse(Directory.Exists(Path.GetTempPath()));
        var ml = new MLContext(seed: 1) { TempFilePath = own };
        var stock = ml.Model.Load(s_path, out DataViewSchema _);
        Assert.HasCount(3, GoldenFile.Values(stock.Transform(GoldenView(ml)), "Score"));
        (stock as IDisposable)?.Dispose();
        return ml;
    }

    private static IDataView GoldenView(MLContext ml) => GoldenRow.View(ml, GoldenFile.Read("dense").Rows.Take(3));

    private static void AssertScores(MLContext ml, AutoencoderTransformer model)
    {
        var expected = GoldenFile.Read("dense").Outputs["score"].Take(3).SelectMany(row => row);
        Assert.IsLessThan(1e-5, Rows.Difference(expected, model.Transform(GoldenView(ml)).GetColumn<float>("Score")));
    }
}
