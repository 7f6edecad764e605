using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Samples;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The example in README.md is this code: it compiles, it runs, and it stands there letter by letter.</summary>
[TestClass]
public sealed class ReadmeExample
{
    [TestMethod]
    public void The_example_runs_and_is_the_one_in_the_readme()
    {
        using var folder = new TestFolder();
        string previous = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Path;
        try
        {
            Run();
            CollectionAssert.AreEquivalent(new[] { "model.zip", "encoder.onnx", "decoder.onnx", "scorer.onnx" },
                Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray());
        }
        finally
        {
            Environment.CurrentDirectory = previous;
        }

        string[] source = File.ReadAllLines(Path.Combine(Repository.Root, "test", "Trainers.Tests", "Samples", "ReadmeExample.cs"));
        int start = Array.FindIndex(source, line => line.Trim() == "// README from here"),
            end = Array.FindIndex(source, line => line.Trim() == "// to here");
        string example = string.Join('\n', source[(start + 1)..end].Select(line => line.Length > 8 ? line[8..] : ""));
        StringAssert.Contains(File.ReadAllText(Path.Combine(Repository.Root, "README.md")), example);
    }

    private static void Run()
    {
        var (_, names, train, test) = DataSets.BreastCancer(new MLContext());
        // README from here
        var ml = new MLContext(seed: 1);
        var pipeline = ml.Transforms.Concatenate("Features", names)
            .Append(ml.Autoencoders().AnomalyDetection("Features")); // nothing to tune
        var model = pipeline.Fit(train);                            // trains with TorchSharp
        var scored = model.Transform(test);                         // + PredictedLabel (Boolean), Score (Single)
        var auc = ml.AnomalyDetection.Evaluate(scored).AreaUnderRocCurve;
        ml.Model.Save(model, train.Schema, "model.zip");            // opens in any ML.NET application
        model.LastTransformer.ExportOnnx("encoder.onnx", "decoder.onnx", "scorer.onnx");
        var again = ml.Autoencoders().Load("model.zip", out var schema); // batched, typed, with its threshold
        // to here
        Assert.IsTrue(auc is > 0.5 and <= 1);
        Assert.AreEqual(31, schema!.Count);
        Assert.AreEqual(scored.GetColumn<float>("Score").First(), again.Transform(test).GetColumn<float>("Score").First(), 1e-6);
    }
}
