using Microsoft.ML;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// Trains an anomaly detector whose defaults need no tuning: masked autoencoders, and the distance to the nearest kept
/// rows.
/// </summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The feature column is a vector of known size (or, for one feature, a scalar) of Single, which
/// may have missing values. The fitted transformer adds, each where its name is not null: <c>PredictedLabel</c> (Boolean),
/// <c>Score</c> (Single, higher is more anomalous), <c>PValue</c>, <c>Probability</c>, <c>Code</c>, <c>Reconstruction</c> and
/// <c>FeatureErrors</c>, whose mean is the score.</para>
/// <para><b>Score.</b> Two parts, each divided by the spread (1.4826 times the median absolute deviation) that it has on rows
/// that it was not trained on: of the masked autoencoders (<see cref="MLNetAutoencoder.Masking"/>) the errors of hidden
/// features, and the mean distance
/// to the nearest of the kept training rows relative to what these rows have themselves (Breunig, Kriegel, Ng and Sander 2000, in the
/// simplified form of Schubert, Zimek and Kriegel 2014). All of it runs inside the graph.</para>
/// <para><b>Sizes from the data.</b> Networks, steps and folds follow the number of rows and features. Below
/// <see cref="LeastRowsToHoldOut"/> rows five networks are trained, each on four fifths, and each row is measured by the one that did not
/// see it; otherwise a fifth of the rows is held out.</para>
/// <para><b>Trainer characteristics.</b> Unsupervised anomaly detection; scaling is built in; needs Microsoft.ML and TorchSharp with one
/// of its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// </remarks>
public sealed partial class AnomalyDetectionEstimator : IEstimator<AutoencoderTransformer>
{
    /// <summary>
    /// The least number of rows of which a fifth is held out; of fewer each is measured by a network that did not see
    /// it.
    /// </summary>
    public const int LeastRowsToHoldOut = 400;

    private readonly MLContext _context;
    private readonly IHost _host;
    private readonly Options _options;
    private readonly long _seed;

    internal AnomalyDetectionEstimator(MLContext context, Options options)
    {
        options.Validate();
        _context = context;
        _options = options.Clone();
        _host = ((IHostEnvironment)context).Register("AnomalyDetection");
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>Trains a detector.</summary>
    /// <param name="input">The training rows, mostly or all normal ones; at least two.</param>
    /// <returns>The fitted detector, with its threshold. Its encoder, decoder and reconstructor are those of its first network.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are too few rows, training diverges, or a native library is missing.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    public AutoencoderTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var probe = _options.Member();
        var columns = TrainingColumns.Find(input.Schema, probe);
        var device = TrainingDevices.Choose(_options.Device, _context, channel);
        using var rows = TrainingData.Read(input, columns, probe.Reading(_seed, heldOutShare: 0), channel).Training;
        if (rows.Count < 2)
            throw new InvalidOperationException(
                $"The column '{_options.FeatureColumnName}' has {rows.Count} training rows; a detector compares rows, and expects at " +
                    "least 2.");
        using var training = new DetectorTraining(_options, _seed, columns, rows, device, channel);
        var (model, history) = training.Run();
        return _context.Autoencoders().FromModel(model, _options.Scoring, history);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        var shape = AutoencoderColumns.OutputShape(inputSchema, _options.Columns());
        if (_options.LabelColumnName is { } label)
            AnomalyLabels.CheckShape(inputSchema, label, _options.AnomalyLabelValue);
        return shape;
    }
}
