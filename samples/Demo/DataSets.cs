using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Samples;

/// <summary>One data set, split: the training rows are two thirds of the normal ones, the test rows all others.</summary>
/// <param name="Name">The name for people.</param>
/// <param name="Features">The columns that Concatenate puts together.</param>
/// <param name="Train">Normal rows only.</param>
/// <param name="Test">The rest of the normal rows, then the anomalies; the column "Label" is 1 for these and 0 for those.</param>
internal sealed record DataSet(string Name, string[] Features, IDataView Train, IDataView Test);

/// <summary>The two real data sets of the samples, loaded through ML.NET. Their sources stand in samples/data/README.md.</summary>
internal static class DataSets
{
    /// <summary>The column that is 1 for an anomaly and 0 for a normal row.</summary>
    public const string Label = "Label";

    /// <summary>Handwritten digits of 8×8 pixels: 0 to 4 are normal, 5 to 9 anomalies.</summary>
    public static DataSet Digits(MLContext ml) => Load(ml, "Handwritten digits", "digits.csv", firstFeature: 2, "Pixels");

    /// <summary>Wisconsin diagnostic breast cancer, 30 named features: benign is normal, malignant an anomaly.</summary>
    public static DataSet BreastCancer(MLContext ml) => Load(ml, "Breast cancer", "breast-cancer.csv", firstFeature: 1, vector: null);

    /// <param name="ml">The context.</param>
    /// <param name="name">The name for people.</param>
    /// <param name="file">The file in samples/data; its normal rows stand first.</param>
    /// <param name="firstFeature">The place of the first feature; all that follow are features.</param>
    /// <param name="vector">The one vector column that the features are loaded into, or null for a column each.</param>
    private static DataSet Load(MLContext ml, string name, string file, int firstFeature, string? vector)
    {
        string path = Path.Combine(AppContext.BaseDirectory, "data", file);
        string[] header = File.ReadLines(path).First().Split(',');
        var label = new TextLoader.Column(Label, DataKind.Single, 0);
        var features = vector is null
            ? header[firstFeature..].Select((feature, i) => new TextLoader.Column(feature, DataKind.Single, firstFeature + i)).ToArray()
            : [new TextLoader.Column(vector, DataKind.Single, firstFeature, header.Length - 1)];
        var rows = ml.Data.LoadFromTextFile(path, [label, .. features], separatorChar: ',', hasHeader: true);

        long normal = rows.GetColumn<float>(Label).LongCount(value => value == 0);
        long train = normal * 2 / 3;
        return new DataSet(name, [.. features.Select(column => column.Name)], ml.Data.TakeRows(rows, train), ml.Data.SkipRows(rows, train));
    }
}
