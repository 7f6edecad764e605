using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNetAutoencoder.Tests.Hosting;

/// <summary>A row of a pipeline: numbers, a category and a vector.</summary>
internal sealed class Reading
{
    public float Speed { get; set; }

    public double Load { get; set; }

    public string Machine { get; set; } = "";

    [VectorType(3)]
    public float[] Axes { get; set; } = [];

    public static Reading[] Make(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            float speed = 10 + 5 * random.NextSingle(), load = 2 * speed + random.NextSingle();
            return new Reading
            {
                Speed = speed, Load = load, Machine = random.Next(2) == 0 ? "north" : "south",
                Axes = [speed - load, random.NextSingle(), 0.1f * load],
            };
        })];
    }

    public Dictionary<string, object?> Row() =>
        new() { [nameof(Speed)] = Speed, [nameof(Load)] = Load, [nameof(Machine)] = Machine, [nameof(Axes)] = Axes };
}

/// <summary>Model files for services, trained once.</summary>
internal static class ServedModels
{
    private static readonly Lazy<(byte[] First, byte[] Second)> s_zips = new(() => (Train(1), Train(2)));

    public static MLContext Context { get; } = new(seed: 1);

    /// <summary>A pipeline of other transforms and a small detector.</summary>
    public static byte[] First => s_zips.Value.First;

    /// <summary>The same of another seed.</summary>
    public static byte[] Second => s_zips.Value.Second;

    /// <summary>What the model of a file gives rows.</summary>
    public static (float Score, bool IsAnomaly)[] Scores(byte[] zip, Reading[] rows)
    {
        var scored = Context.Autoencoders().Load(new MemoryStream(zip), out _).Transform(Context.Data.LoadFromEnumerable(rows));
        return [.. scored.GetColumn<float>("Score").Zip(scored.GetColumn<bool>("PredictedLabel"))];
    }

    /// <summary>Replaces a file as careful writers do.</summary>
    public static void Write(string path, byte[] bytes)
    {
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
    }

    private static byte[] Train(int seed)
    {
        var rows = Context.Data.LoadFromEnumerable(Reading.Make(2000, seed: 1));
        var model = Context.Transforms.Categorical.OneHotEncoding("Machines", nameof(Reading.Machine))
            .Append(Context.Transforms.Conversion.ConvertType("Loads", nameof(Reading.Load), DataKind.Single))
            .Append(Context.Transforms.Concatenate("Features", nameof(Reading.Speed), "Loads", "Machines", nameof(Reading.Axes)))
            .Append(Context.Autoencoders().AnomalyDetection(new AnomalyDetectionEstimator.Options
            {
                Width = 16, Code = 4, Steps = 100, Members = 1, Seed = seed, Threads = 1,
            })).Fit(rows);
        using var stream = new MemoryStream();
        Context.Model.Save(model, rows.Schema, stream);
        return stream.ToArray();
    }
}
