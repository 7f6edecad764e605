using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A row of made data: five features that depend on two hidden ones, so that a code of two units can hold them.</summary>
public sealed class Row
{
    public const int FeatureCount = 5;

    [VectorType(FeatureCount)]
    public float[] Features { get; set; } = new float[FeatureCount];

    public float Label { get; set; }

    public string Name { get; set; } = "";

    [VectorType(2)]
    public float[] Extra { get; set; } = new float[2];
}

/// <summary>What a scored <see cref="Row"/> reads as.</summary>
public sealed class ScoredRow
{
    public float[] Features { get; set; } = [];

    public string Name { get; set; } = "";

    public float[] Extra { get; set; } = [];

    public float Score { get; set; }

    public bool PredictedLabel { get; set; }

    public float[] Code { get; set; } = [];

    public float[] Reconstruction { get; set; } = [];

    public float[] FeatureErrors { get; set; } = [];
}

/// <summary>Made rows and small models over them, all from fixed seeds.</summary>
internal static class Rows
{
    public static Row[] Make(int count, int seed = 7)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double a = random.NextDouble() * 2 - 1, b = random.NextDouble() * 2 - 1;
            return new Row
            {
                Features = [(float)(10 * a), (float)(a + b), (float)(100 + b), (float)(a * b), (float)(a - 2 * b)],
                Label = i % 10 == 0 ? 1 : 0,
                Name = $"row {i}",
                Extra = [i, -i],
            };
        })];
    }

    public static IDataView View(MLContext ml, int count, int seed = 7) => ml.Data.LoadFromEnumerable(Make(count, seed));

    /// <summary>Options of a small model with all output columns.</summary>
    public static AutoencoderEstimator.Options Options() => new()
    {
        Network = new DenseNetworkOptions { Hidden = [6] },
        Code = new CodeOptions { Size = 2 },
        Epochs = 5,
        Seed = 3,
        CodeColumnName = "Code",
        ReconstructionColumnName = "Reconstruction",
        FeatureErrorsColumnName = "FeatureErrors",
    };

    /// <summary>A small model fitted on 200 rows.</summary>
    public static AutoencoderTransformer Fit(MLContext ml, Action<AutoencoderEstimator.Options>? change = null, IDataView? view = null)
    {
        var options = Options();
        change?.Invoke(options);
        return ml.Autoencoders().Dense(options).Fit(view ?? View(ml, 200));
    }

    public static ScoredRow[] Read(MLContext ml, IDataView view) =>
        [.. ml.Data.CreateEnumerable<ScoredRow>(view, reuseRowObject: false, ignoreMissingColumns: true)];

    /// <summary>The largest difference, relative to the larger of 1 and the first one's magnitude.</summary>
    public static double Difference(IEnumerable<float> first, IEnumerable<float> second) =>
        first.Zip(second, (a, b) => a.Equals(b) ? 0 : Math.Abs((double)a - b) / Math.Max(1, Math.Abs(a))).DefaultIfEmpty().Max();
}

/// <summary>An empty folder of a test's own, removed at the end.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder() => Path = Directory.CreateTempSubdirectory("mlnetautoencoder-test-").FullName;

    public string Path { get; }

    public string this[string file] => System.IO.Path.Combine(Path, file);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
