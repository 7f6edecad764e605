using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using MLNetAutoencoder.Tool.Models;
using MLNetAutoencoder.Tool.Scoring;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Training;

/// <summary>Trains a model on a file: an ordinary ML.NET pipeline over the columns that were chosen.</summary>
internal sealed class Trainer(TableFile file, ChosenColumn[] columns, TrainingChoices choices, RowSelection selection)
{
    /// <summary>How many of the training rows are scored to tell the most telling columns.</summary>
    private const int MostScored = 10_000;

    public MLContext Context { get; } = new();

    /// <summary>Rows that could not be read.</summary>
    public long SkippedRows { get; private set; }

    /// <summary>Rows that were trained on, held-out ones included.</summary>
    public long Rows { get; private set; }

    public DataViewSchema Schema { get; } = TableView.SchemaOf(columns
        .Where(column => column.Use is ColumnUse.Feature or ColumnUse.Time or ColumnUse.Key)
        .Select(column => (column.Profile.Name, TypeOf(column))));

    /// <summary>Trains.</summary>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="warn">Is told what the library warns of.</param>
    /// <param name="stop">Ends the training; the best weights so far are kept.</param>
    /// <exception cref="InputException">The rows cannot be trained on.</exception>
    public ITransformer Train(ProgressDisplay progress, Action<string> warn,
        CancellationToken stop)
    {
        Context.Log += (_, message) =>
        {
            if (message.Kind == ChannelMessageKind.Warning)
                warn(message.RawMessage);
        };
        var view = new TableView(file, file.Read(), Schema, selection, pending: null, stop)
        {
            Progress = (rows, fraction) => progress.Rows("Reading", rows, fraction),
        };
        string[] values = [.. columns.Where(column => column.Use == ColumnUse.Feature).Select(column => column.Profile.Name)];
        string features = choices.Series is not null && values is [var one] ? one : FeatureColumnName();
        var pipeline = Pipeline(values, features,
            Variants.Create(Context, choices with { FeatureColumnName = features }, progress, stop));
        try
        {
            var model = pipeline.Fit(view);
            (Rows, SkippedRows) = (view.Rows, view.SkippedRows);
            return model;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            InputException.ThrowInner(e);
            throw new InputException($"'{file.Name}' cannot be trained on: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Scores some of the training rows.</summary>
    public TrainedRows Summarize(LoadedModel model, ProgressDisplay progress, CancellationToken stop)
    {
        int every = (int)Math.Max(1, (Rows + MostScored - 1) / MostScored);
        var run = new ScoringRun(model, file, new ScoringRequest
        {
            Shard = model.Series is null ? new Shard(1, every) : null,
            Most = model.Series is null ? long.MaxValue : MostScored,
            SkipsBad = selection.SkipsBad,
            OnlyNormal = selection.OnlyNormal,
        });
        var view = run.Open(file.Read(), [], keepsLines: false, progress, stop);
        var highest = new PriorityQueue<float[], float>();
        int most = Math.Max(1, MostScored / 100);
        run.ForEach(view, [GraphNames.Score, GraphNames.FeatureErrors], (row, _) =>
        {
            float score = row.Score;
            if (float.IsNaN(score) || (highest.Count == most && highest.TryPeek(out var _, out float least) && score <= least))
                return;
            float[] sums = new float[model.Slots.Count];
            Explanation.Sum(model.Slots, row.Errors, sums);
            if (highest.Count == most)
                highest.DequeueEnqueue(sums, score);
            else
                highest.Enqueue(sums, score);
        });
        double[] shares = new double[model.Slots.Count];
        foreach (var (errors, _) in highest.UnorderedItems)
        {
            double sum = TopFeatures.Sum(errors);
            for (int j = 0; j < shares.Length; j++)
                shares[j] += TopFeatures.Share(errors[j], sum) / highest.Count;
        }
        return new TrainedRows(Rows, FlaggedShare(model.Metadata),
            [.. shares.Select((share, j) => (model.Slots[j].Name, share)).OrderByDescending(pair => pair.share).Take(5)]);
    }

    /// <summary>The share of the rows above the threshold, of those that the scores were measured on: held-out ones.</summary>
    private static double FlaggedShare(AutoencoderMetadata metadata)
    {
        int above = metadata.LargestScores.Count(score => score > metadata.Threshold);
        return above < metadata.LargestScores.Count || above == metadata.ScoreCount ? (double)above / metadata.ScoreCount
            : (double)metadata.ScoreQuantiles.Count(score => score > metadata.Threshold) / metadata.ScoreQuantiles.Count;
    }

    /// <summary>A name that no column of the file has: one of the same name could not be read any more.</summary>
    private string FeatureColumnName()
    {
        string name = TrainingChoices.DefaultFeatureColumnName;
        while (Schema.GetColumnOrNull(name) is not null)
            name += "_";
        return name;
    }

    private static DataViewType TypeOf(ChosenColumn column) => column.Use switch
    {
        ColumnUse.Time => column.Profile.HasOnlyNumbers ? NumberDataViewType.Double : DateTimeDataViewType.Instance,
        ColumnUse.Key => TextDataViewType.Instance,
        _ => column.Profile.Kind == ColumnKind.Category ? TextDataViewType.Instance : NumberDataViewType.Single,
    };

    private IEstimator<ITransformer> Pipeline(string[] names, string featureColumnName, IEstimator<ITransformer> autoencoder)
    {
        // The values of a series may be one column alone.
        if (names.Contains(featureColumnName))
            return autoencoder;
        InputOutputColumnPair[] categories = [.. names.Where(name => Schema[name].Type is TextDataViewType)
            .Select(name => new InputOutputColumnPair(name))];
        var features = Context.Transforms.Concatenate(featureColumnName, names);
        return categories.Length == 0 ? features.Append(autoencoder)
            : Context.Transforms.Categorical.OneHotEncoding(categories).Append(features).Append(autoencoder);
    }
}

/// <summary>What a model makes of the rows that it was trained on.</summary>
/// <param name="Rows">How many rows there were, held-out ones included.</param>
/// <param name="FlaggedShare">Which share of the held-out ones is called anomalies.</param>
/// <param name="Telling">The columns with the largest mean share of the highest scores.</param>
internal sealed record TrainedRows(long Rows, double FlaggedShare, IReadOnlyList<(string Name, double Share)> Telling);
