using MLNetAutoencoder.Onnx;
using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Changed files, each made from a seed and its number alone: graphs of every variant, and models of ML.NET with
/// autoencoders in them.
/// </summary>
internal sealed class Mutants
{
    private readonly int _seed;
    private readonly List<(string Name, byte[] File)> _graphs = [];
    private readonly List<(string Name, byte[] File)> _zips = [];

    public Mutants(int seed)
    {
        _seed = seed;
        var ml = new MLContext(seed: 1);
        var rows = EveryVariant.Rows(60);
        foreach (string name in EveryVariant.Names)
        {
            var model = EveryVariant.Fitted(name);
            using var folder = new MLNetAutoencoder.Tests.TestFolder();
            model.ExportOnnx(folder["encoder"], folder["decoder"], folder["scorer"]);
            foreach (string part in new[] { "scorer", "scorer", "encoder", "decoder" })
                _graphs.Add(($"{part} of {name}", File.ReadAllBytes(folder[part])));
            if (name is "dense" or "conditional" or "convolutional" or "variational dense")
                _zips.Add((name, Saved(ml, model, rows)));
        }
        foreach (var form in Enum.GetValues<OnnxQuantization>())
        {
            // Few rows decide little, and what a mutant's scores are worth does not matter here.
            foreach (string name in new[] { "dense", "convolutional" })
                _graphs.Add(($"scorer of {name}, {form}",
                    EveryVariant.Fitted(name).ToQuantizedOnnx(rows, new QuantizationOptions { Form = form, Force = true }, out _)));
        }
        using var classifier = ml.Autoencoders().StackedClassifier(
            new StackedClassifierEstimator.Options { LabelColumnName = "Key", Hidden = [6], Code = 3, Epochs = 1, PretrainingEpochs = 1,
            Seed = 1, CodeColumnName = "Code" }).Fit(rows);
        using (var folder = new MLNetAutoencoder.Tests.TestFolder())
        {
            classifier.ExportOnnx(folder["classifier"]);
            _graphs.Add(("classifier", File.ReadAllBytes(folder["classifier"])));
        }
        _zips.Add(("classifier", Saved(ml, classifier, rows)));
        var scaled = ml.Transforms.NormalizeMinMax("Scaled", "Features").Fit(rows);
        using var last = ml.Autoencoders()
            .Dense(new AutoencoderEstimator.Options { FeatureColumnName = "Scaled", Code = new CodeOptions { Size = 2 }, Epochs = 1,
            Seed = 1 }).Fit(scaled.Transform(rows));
        _zips.Add(("chain", Saved(ml, scaled.Append(last), rows)));
    }

    /// <summary>The files that the mutants are made of, each once: 0 for a graph, 1 for a model of ML.NET.</summary>
    public IEnumerable<(int Kind, string Name, byte[] File)> Originals =>
        _graphs.DistinctBy(graph => graph.Name).Select(graph => (0, graph.Name, graph.File))
            .Concat(_zips.Select(zip => (1, zip.Name, zip.File)));

    /// <summary>Makes one.</summary>
    public (int Kind, string Of, byte[] File) Make(int number)
    {
        // Seeds that lie side by side give numbers that are alike at first.
        var random = new Random(unchecked((int)((uint)_seed * 2_654_435_761 + (uint)number * 2_246_822_519)));
        if (random.Next(5) == 0)
        {
            var (zipName, zip) = _zips[random.Next(_zips.Count)];
            return (1, zipName, random.Next(5) == 0 ? ByteMutation.Apply(zip, random) : ZipMutation.Apply(zip, random));
        }
        var (name, graph) = _graphs[random.Next(_graphs.Count)];
        return (0, name, random.Next(5) == 0 ? ByteMutation.Apply(graph, random) : ModelMutation.Apply(graph, random));
    }

    private static byte[] Saved(MLContext ml, ITransformer model, IDataView rows)
    {
        using var stream = new MemoryStream();
        ml.Model.Save(model, rows.Schema, stream);
        return stream.ToArray();
    }
}
