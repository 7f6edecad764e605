using System.Globalization;
using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Bench.Accuracy;

/// <summary>Rows with labels and folds, as the columns f0, f1, ..., label, train0, train1, ... of a file have them.</summary>
internal sealed class LabeledSet
{
    private readonly bool[][] _isTraining;

    private LabeledSet(string name, float[][] rows, bool[] labels, bool[][] isTraining) =>
        (Name, Rows, Labels, _isTraining) = (name, rows, labels, isTraining);

    public string Name { get; }

    public float[][] Rows { get; }

    /// <summary>Whether a row is an anomaly.</summary>
    public bool[] Labels { get; }

    public int FeatureCount => Rows[0].Length;

    public int FoldCount => _isTraining.Length;

    public static LabeledSet Read(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        string[] names = reader.ReadLine()!.Split(',');
        int label = Array.IndexOf(names, "label");
        int[] folds = [.. Enumerable.Range(0, names.Length).Where(i => names[i].StartsWith("train", StringComparison.Ordinal))];
        List<float[]> rows = [];
        List<bool> labels = [];
        List<bool>[] isTraining = [.. folds.Select(_ => new List<bool>())];
        while (reader.ReadLine() is { } line)
        {
            string[] values = line.Split(',');
            rows.Add([.. values.Take(label).Select(value => float.Parse(value, CultureInfo.InvariantCulture))]);
            labels.Add(values[label] == "1");
            for (int i = 0; i < folds.Length; i++)
                isTraining[i].Add(values[folds[i]] == "1");
        }
        return new LabeledSet(Path.GetFileName(path).Replace(".csv.gz", "", StringComparison.Ordinal), [.. rows], [.. labels],
            [.. isTraining.Select(list => list.ToArray())]);
    }

    /// <summary>
    /// The numbers of a fold's training and test rows. With a contamination, anomalies join the training rows until they are that share of
    /// them, at most half of all, and leave the test rows; null where these are too few.
    /// </summary>
    public (int[] Training, int[] Test)? Fold(int fold, double contaminate, int seed)
    {
        List<int> training = [.. Enumerable.Range(0, Rows.Length).Where(row => _isTraining[fold][row])];
        List<int> test = [.. Enumerable.Range(0, Rows.Length).Where(row => !_isTraining[fold][row])];
        if (contaminate > 0)
        {
            int[] anomalies = [.. test.Where(row => Labels[row])];
            int wanted = (int)Math.Round(contaminate / (1 - contaminate) * training.Count);
            if (wanted > anomalies.Length / 2)
                return null;
            new Random(seed * 1000 + fold).Shuffle(anomalies);
            var joining = anomalies.Take(wanted).ToHashSet();
            training.AddRange(joining.Order());
            test.RemoveAll(joining.Contains);
        }
        return ([.. training], [.. test]);
    }

    public IDataView View(MLContext ml, int[] rows) => View(ml, [.. rows.Select(row => Rows[row])]);

    /// <summary>Rows of the set's features as a view.</summary>
    public IDataView View(MLContext ml, float[][] rows)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, FeatureCount);
        return ml.Data.LoadFromEnumerable([.. rows.Select(row => new Row { Features = row })], schema);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];
    }
}

/// <summary>The numbers of a peers' table.</summary>
internal sealed class Peers(Dictionary<(string Set, string Method), double> aucs)
{
    public IReadOnlyList<string> Methods { get; } = [.. aucs.Keys.Select(key => key.Method).Distinct()];

    public double? Auc(string set, string method) => aucs.TryGetValue((set, method), out double auc) ? auc : null;

    public static Peers Read(string path)
    {
        string[] lines = File.ReadAllLines(path), names = lines[0].Split(',');
        int set = Array.IndexOf(names, "dataset"), method = Array.IndexOf(names, "method"), auc = Array.IndexOf(names, "auc_mean");
        return new Peers(lines.Skip(1).Select(line => line.Split(',')).ToDictionary(values => (values[set], values[method]),
            values => double.Parse(values[auc], CultureInfo.InvariantCulture)));
    }
}

/// <summary>Numbers within names by their value: 4_breastw before 11_donors.</summary>
internal static class NaturalOrder
{
    public static IComparer<string> Comparer { get; } = Comparer<string>.Create((a, b) => Key(a).CompareTo(Key(b)));

    private static (int, string) Key(string path)
    {
        string name = Path.GetFileName(path);
        return (int.TryParse(name.Split('_')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : int.MaxValue, name);
    }
}

/// <summary>How well scores rank anomalies before other rows.</summary>
internal static class Ranking
{
    /// <summary>The area under the receiver operating characteristic; ties get their mean rank.</summary>
    public static double Auc(float[] scores, bool[] labels)
    {
        int[] order = [.. Enumerable.Range(0, scores.Length).OrderBy(i => scores[i])];
        double ranks = 0;
        long anomalies = labels.LongCount(label => label);
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && scores[order[end]] == scores[order[start]]; end++)
            {
            }
            for (int i = start; i < end; i++)
                ranks += labels[order[i]] ? (start + end + 1) / 2.0 : 0;
        }
        return (ranks - anomalies * (anomalies + 1) / 2.0) / (anomalies * (double)(labels.Length - anomalies));
    }
}
