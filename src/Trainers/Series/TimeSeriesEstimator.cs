using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Trains an autoencoder on windows of time series, which scores each step of them.</summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The value column is a scalar or a vector of known size of Single, the channels. A time column
/// (date, time span or number) tells gaps, a key column the series. The fitted transformer adds, each where its name is not null:
/// <c>PredictedLabel</c> (Boolean), <c>Score</c> (Single, higher is more anomalous), <c>PValue</c> (Single), expected values and channel
/// errors (vectors of Single, an element for each channel; the mean of the errors is the score).</para>
/// <para><b>Training.</b> Of each series the windows of <see cref="Options.Width"/> consecutive steps are cut, one beginning at each step.
/// The last of them (<see cref="Options.HeldOutShare"/>) are held out, and those that overlap these are left out. The network learns to
/// reproduce the others, each around its own level (<see cref="Options.RemovesLevel"/>), while a run of steps is hidden from it, so that it
/// can do with gaps. The score of a window is the root of its mean squared error over that of held-out windows.</para>
/// <para><b>Score of a step.</b> That of the window which ends with it, or over all windows that cover it
/// (<see cref="Options.IsCovering"/>). Threshold and p-value come from the held-out windows. These follow each other, so that they are
/// fewer than their number says: take p-values for estimates.</para>
/// <para><b>Trainer characteristics.</b> Unsupervised anomaly detection; scaling is built in; needs Microsoft.ML and TorchSharp with one of
/// its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// </remarks>
public sealed partial class TimeSeriesEstimator : IEstimator<TimeSeriesTransformer>
{
    private readonly MLContext _context;
    private readonly IHost _host;
    private readonly Options _options;
    private readonly long _seed;

    internal TimeSeriesEstimator(MLContext context, Options options)
    {
        options.Validate();
        _context = context;
        _options = options.Clone();
        _host = ((IHostEnvironment)context).Register("TimeSeries");
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>Trains an autoencoder on the windows of time series.</summary>
    /// <param name="input">The training rows, those of each series in the order of their times; mostly or all normal ones. They are read
    /// two or three times.</param>
    /// <returns>The fitted transformer, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">No series has as many steps as a window, a time is missing or goes back, training
    /// diverges, or a native library is missing.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best weights so
    /// far.</exception>
    public TimeSeriesTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var device = TrainingDevices.Choose(_options.Device, _context, channel);
        using var windows = TrainingWindows.Cut(input, _options, _seed, channel);
        var description = windows.Description;
        long batch = Math.Min(_options.BatchSize, windows.Training.Count), batches = (windows.Training.Count + batch - 1) / batch;
        var member = _options.Member(description);
        member.BatchSize = (int)batch;
        if (_options.Steps is { } steps)
            member.Epochs = (int)((steps + batches - 1) / batches);
        member.Network.ValidateFor(description.FeatureCount, _options.FeatureColumnName);

        var scaling = FeatureScaling.Fit(windows.Training, member.Scaling, windows.Columns.FeatureNames, _seed)
            .OfChannels(description.Width);
        using var training = new AutoencoderTraining(
            member, _seed, windows.Columns, windows.Training, windows.HeldOut, device, channel, scaling);
        var history = training.Run(ConvolutionGuard.Process, inspect: null);
        using var alone = training.ToModel(history);
        using var model = _options.Neighbors == 0 ? alone : WithNeighbors(alone, training, windows, scaling);
        var measured = windows.MeasureCovering(model, _options.Threshold);
        var metadata = model.Metadata with
        {
            Variant = "time series " + model.Metadata.Variant,
            Windows = measured,
            Options = _options.ToJson(),
        };
        var transformer = _context.Autoencoders().TimeSeriesFromModel(model.WithMetadata(metadata), _options.Scoring);
        transformer.History = history;
        return transformer;
    }

    /// <summary>The model with the distance to the nearest windows as a second part of its score.</summary>
    private AutoencoderModel WithNeighbors(
        AutoencoderModel alone, AutoencoderTraining training, TrainingWindows windows, FeatureScaling scaling)
    {
        List<double> scores = [];
        TrainingScores.Compute(alone, windows.HeldOut, (score, _) => scores.Add(score));
        bool isCanceled = _options.Cancellation.IsCancellationRequested && _options.WhenCanceled == WhenCanceled.KeepBest;
        long[] scored = [.. Enumerable.Range(0, scores.Count).Where(i => double.IsFinite(scores[i])).Select(i => (long)i)];
        if (windows.Training.Count < 2 || scored.Length == 0)
            throw new InvalidOperationException(
                $"There are {windows.Training.Count} windows to train on and {scored.Length} held-out ones with a score; " +
                $"{nameof(_options.Neighbors)}, which is {_options.Neighbors}, expects at least 2 and 1. Give more rows, or a smaller " +
                $"{nameof(_options.Width)}.");
        var kept = KeptRows.Choose(windows.Training, NeighborSpace.OfFeatures(scaling), _options.Neighbors, most: null, _seed,
            isCanceled ? CancellationToken.None : _options.Cancellation);
        double[] distances = kept.Distances(windows.HeldOut, scored, areOthers: true);
        double ofNetwork = 1 / DetectorTraining.Spread([.. scored.Select(i => scores[(int)i])]);
        double ofDistance = 1 / DetectorTraining.Spread(distances);
        var statistics = new RowStatistics(alone.Metadata.CodeSize);
        for (int i = 0; i < scored.Length; i++)
            statistics.AddScore((float)(ofNetwork * scores[(int)scored[i]] + ofDistance * distances[i]));
        var metadata = statistics.AddScoresTo(alone.Metadata with { ScoreKind = ScoreKind.Detector }, _options.Threshold);
        using var detector = training.ToDetector(metadata, new DetectorParts
        {
            Members = [new DetectorMember(training.EmitNetwork, training.Masks!, Features: null)],
            MemberWeight = (float)ofNetwork,
            CountedErrors = windows.Description.FeatureCount,
            Neighbors = [kept.ToMemory((float)ofDistance)],
        });
        return detector.WithMetadata(metadata, new OptionalScores(Probability: false, _options.PValueColumnName is not null));
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        SeriesColumns.CheckShape(inputSchema, _options.FeatureColumnName, _options.TimeColumnName, _options.KeyColumnName);
        if (_options.LabelColumnName is { } label)
            AnomalyLabels.CheckShape(inputSchema, label, _options.AnomalyLabelValue);

        // Sizes do not show in a shape.
        string values = _options.FeatureColumnName;
        var windows = new WindowDescription { Width = 1, Channels = [values], ValueColumn = values };
        return AutoencoderColumns.ShapeWith(inputSchema, SeriesOutputs.Columns(_options.Columns(), windows, scoreSetId: 1, threshold: 0));
    }
}
