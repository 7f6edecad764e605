using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>A made row of every type that a pipeline may read, with missing values.</summary>
public sealed class Customer
{
    /// <summary>Missing now and then.</summary>
    public float Age { get; set; }

    /// <summary>Missing in the rows to score, where nothing replaces it.</summary>
    public double Income { get; set; }

    public int Visits { get; set; }

    public long Clicks { get; set; }

    public bool Member { get; set; }

    public string City { get; set; } = "";

    public string Plan { get; set; } = "";

    /// <summary>A whole number that stands for a category.</summary>
    public int Region { get; set; }

    /// <summary>Some are missing.</summary>
    [VectorType(3)]
    public float[] Sensors { get; set; } = [];

    [VectorType(2)]
    public string[] Tags { get; set; } = [];

    /// <summary>Nothing that the score depends on, and of a type that ONNX does not have.</summary>
    public DateTime Joined { get; set; }

    public double Spare { get; set; }
}

/// <summary>Makes such rows and the pipeline over them.</summary>
internal static class Customers
{
    private static readonly string[] s_cities = ["Köln", "Paris", "Łódź", "a city"], s_plans = ["basic", "plus"],
        s_tags = ["new", "old", "", "vip"];

    /// <param name="count">How many.</param>
    /// <param name="seed">Where the random numbers start.</param>
    /// <param name="toScore">Whether there are categories that training has not seen, and missing values where training has none.</param>
    public static Customer[] Make(int count, int seed = 3, bool toScore = false)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Customer
        {
            Age = i % 9 == 4 ? float.NaN : (float)(20 + 60 * random.NextDouble()),
            Income = toScore && i % 17 == 16 ? double.NaN : 1000 * Math.Exp(2 * random.NextDouble()),
            Visits = random.Next(0, 40),
            Clicks = random.Next(0, 100000),
            Member = i % 3 == 0,
            City = toScore && i % 7 == 3 ? i % 2 == 0 ? "Atlantis" : "" : s_cities[random.Next(4)],
            Plan = toScore && i % 11 == 5 ? "premium" : s_plans[random.Next(2)],
            Region = toScore && i % 13 == 6 ? -1 : random.Next(0, 3) * 100,
            Sensors = [(float)random.NextDouble(), i % 5 == 2 ? float.NaN : (float)(100 * random.NextDouble()),
                -(float)random.NextDouble()],
            Tags = [s_tags[random.Next(4)], toScore && i % 6 == 1 ? "odd" : s_tags[random.Next(4)]],
            Joined = new DateTime(2020, 1, 1).AddDays(i),
            Spare = i,
        })];
    }

    public static IDataView View(MLContext ml, int count, int seed = 3, bool toScore = false) =>
        ml.Data.LoadFromEnumerable(Make(count, seed, toScore));

    /// <summary>Every stock transform that may stand before the autoencoder, and two whose columns it does not need.</summary>
    public static EstimatorChain<ITransformer> Preparation(MLContext ml) => new EstimatorChain<ITransformer>()
        .Append<ITransformer>(ml.Transforms.ReplaceMissingValues(
            "Age", replacementMode: MissingValueReplacingEstimator.ReplacementMode.Mean))
        .Append<ITransformer>(ml.Transforms.ReplaceMissingValues(
            "Sensors", replacementMode: MissingValueReplacingEstimator.ReplacementMode.Minimum))
        .Append<ITransformer>(ml.Transforms.ReplaceMissingValues("Spare2", "Spare"))
        .Append<ITransformer>(ml.Transforms.Conversion.ConvertType("Income2", "Income"))
        .Append<ITransformer>(ml.Transforms.Conversion.ConvertType("Visits"))
        .Append<ITransformer>(ml.Transforms.Conversion.ConvertType("Clicks"))
        .Append<ITransformer>(ml.Transforms.Conversion.ConvertType("Member2", "Member"))
        .Append<ITransformer>(ml.Transforms.Categorical.OneHotEncoding("City2", "City"))
        .Append<ITransformer>(ml.Transforms.Conversion.MapValueToKey("PlanKey", "Plan"))
        .Append<ITransformer>(ml.Transforms.Conversion.MapKeyToVector("Plan2", "PlanKey"))
        .Append<ITransformer>(ml.Transforms.Categorical.OneHotEncoding("Region"))
        .Append<ITransformer>(ml.Transforms.Categorical.OneHotEncoding("Tags1", "Tags"))
        .Append<ITransformer>(ml.Transforms.Categorical.OneHotEncoding("Tags2", "Tags", OneHotEncodingEstimator.OutputKind.Bag))
        .Append<ITransformer>(ml.Transforms.Conversion.MapValueToKey("JoinedKey", "Joined"))
        .Append<ITransformer>(ml.Transforms.Concatenate("Numbers", "Age", "Income2", "Visits", "Clicks", "Sensors"))
        .Append<ITransformer>(ml.Transforms.NormalizeMinMax("Numbers", fixZero: false))
        .Append<ITransformer>(ml.Transforms.NormalizeMeanVariance("Scaled", "Numbers"))
        .Append<ITransformer>(ml.Transforms.CopyColumns("Member3", "Member2"))
        .Append<ITransformer>(ml.Transforms.DropColumns("Numbers", "Spare2"))
        .Append<ITransformer>(ml.Transforms.Concatenate("Features", "Scaled", "Member3", "City2", "Plan2", "Region", "Tags1", "Tags2"));
}
