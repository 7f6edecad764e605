using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>One fit: what the training of an autoencoder and that of a classifier on its code have in common.</summary>
internal abstract class TrainingRun : IDisposable
{
    private readonly DisposeScope _scope = torch.NewDisposeScope();
    private readonly List<IDisposable> _owned = [];

    protected TrainingRun(AutoencoderEstimator.Options options, long seed, TrainingColumns columns, TrainingData rows,
        torch.Device device, IChannel channel, FeatureScaling? scaling = null)
    {
        (Options, Seed, Columns, Rows, Channel) = (options, seed, columns, rows, channel);
        Scaling = scaling ?? FeatureScaling.Fit(rows, options.Scaling, Names, seed);
        Generator = Own(new torch.Generator((ulong)seed, device));
    }

    protected AutoencoderEstimator.Options Options { get; }

    protected long Seed { get; }

    protected TrainingColumns Columns { get; }

    protected TrainingData Rows { get; }

    protected FeatureScaling Scaling { get; }

    protected torch.Generator Generator { get; }

    protected IChannel Channel { get; }

    /// <summary>The number of threads that the training uses, once it has begun.</summary>
    protected int Threads { get; private set; }

    protected string[] Names => Columns.FeatureNames;

    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
        _scope.Dispose();
    }

    /// <summary>Keeps something until the end of the fit.</summary>
    protected T Own<T>(T value)
        where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }

    /// <summary>The threads that the network's steps pay for, or those of the options, until it is disposed.</summary>
    protected IDisposable UseThreads(long multiplyAdds)
    {
        Threads = Options.Threads ?? TorchThreads.CountFor(multiplyAdds * Options.BatchSize);
        return TorchThreads.Use(Threads, Options.Cancellation);
    }

    /// <summary>Rows in batches, scaled and on the device of the training.</summary>
    protected TrainingSet Batches(TrainingData rows) =>
        new(rows, Scaling, Generator.device, Options.MissingValues == TrainingMissingValues.Masked);

    /// <summary>Trains layer by layer, where the options want that.</summary>
    protected void Pretrain(AutoencoderNetwork network, TrainingSet set)
    {
        if (Options.Pretraining is null)
            return;
        var options = Options.ForPretraining();
        Pretraining.Run(network, options, set, new TrainingLoop(options, Channel), Generator);
    }

    /// <summary>Tells the log of rows that look like a mistake.</summary>
    protected void Warn()
    {
        if (Scaling.Constant is { Length: > 0 } constant)
        {
            string names = string.Join(", ", constant.Take(10).Select(j => $"'{Names[j]}'"));
            string rounding = constant.All(j => Scaling.Least[j] == Scaling.Most[j]) ? ""
                : " Values that differ by rounding only count as one.";
            Channel.Warning(MessageSensitivity.None,
                $"{constant.Length} of {Rows.Layout.Features} features in the column '{Options.FeatureColumnName}' have one value in all " +
                $"training rows: {names}{(constant.Length > 10 ? ", ..." : "")}.{rounding}");
        }
        if (Rows.Count < Options.BatchSize)
            Channel.Warning(MessageSensitivity.None,
                $"There are {Rows.Count} training rows and the batch size is {Options.BatchSize}: every epoch is one step over all rows.");
    }

    /// <summary>What a model's metadata say of its rows and its training.</summary>
    protected AutoencoderMetadata Describe(string variant, TrainingOptions options, string loss, string training) => new()
    {
        Variant = variant,
        FeatureNames = Names,
        CodeSize = Options.Code.Size,
        Scaling = Options.Scaling.ToKind(),
        ScalingOffsets = Scaling.Offsets,
        ScalingScales = Scaling.Scales,
        FeatureMeans = Scaling.Means,
        Loss = loss,
        MissingValues = options.ScoringMissingValues.ToPolicy(),
        Options = options.ToJson(),
        Seed = Seed,
        ThreadCount = Threads,
        Training = training,
        Columns = options.Columns(),
        Windows = Columns.Windows,
    };
}
