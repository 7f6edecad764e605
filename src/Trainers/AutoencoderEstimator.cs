using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>Trains an autoencoder on the rows of a data view.</summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The feature column is a vector of known size (or, for one feature, a scalar)
/// of Single. The fitted transformer adds, each where its name is not null:</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type and meaning</description></listheader>
/// <item><term><c>PredictedLabel</c></term><description>Boolean: whether the row counts as an anomaly, that is, not
/// (score ≤ threshold).</description></item>
/// <item><term><c>Score</c></term><description>Single: the mean of the feature errors; higher is more anomalous.</description></item>
/// <item><term><c>Probability</c></term><description>Single: the share of training rows that score lower. It is not the
/// frequency of anomalies.</description></item>
/// <item><term><c>Code</c></term><description>Vector of Single: the code of the row; of a variational autoencoder its
/// mean.</description></item>
/// <item><term><c>CodeLogVariance</c></term><description>Vector of Single: of a variational autoencoder, the logarithm
/// of the code's variance.</description></item>
/// <item><term><c>Reconstruction</c></term><description>Vector of Single: the reconstruction, in the features' raw
/// units.</description></item>
/// <item><term><c>FeatureErrors</c></term><description>Vector of Single: each feature's term of the loss, in scaled
/// units.</description></item>
/// </list>
/// <para><b>Trainer characteristics.</b> Unsupervised anomaly detection; no caching needed (rows are read once); scaling is built in; needs
/// Microsoft.ML and TorchSharp with one of its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// <para><b>Training.</b> Encoder f and decoder g minimize the mean over rows and features of
/// <see cref="Options.Loss"/> between the scaled row s and g(f(s)), and what the options add to it, by Adam
/// (Kingma and Ba 2015) over shuffled batches; see Goodfellow, Bengio and Courville, <i>Deep Learning</i> (2016), chapter 14. The threshold
/// is chosen from the training rows' scores by <see cref="Options.Threshold"/>. Which options make which autoencoder of
/// the literature is told in the catalog (<see cref="AutoencoderTrainersCatalog"/>).</para>
/// <para><b>Randomness.</b> Initial weights, the order of the rows, corruption, dropout and noise come from one
/// generator that belongs to the fit; the process-wide one is neither read nor changed. A second fit on the same data
/// gives the same bytes.</para>
/// </remarks>
public sealed partial class AutoencoderEstimator : IEstimator<AutoencoderTransformer>
{
    private readonly MLContext _context;
    private readonly IHost _host;
    private readonly Options _options;
    private readonly long _seed;

    internal AutoencoderEstimator(MLContext context, Options options)
    {
        options.Validate();
        _context = context;
        _options = options.Clone();
        _host = ((IHostEnvironment)context).Register("Autoencoder");
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>What sees to right convolutions; null for that of the process.</summary>
    internal ConvolutionGuard? Convolutions { get; init; }

    /// <summary>Trains an autoencoder.</summary>
    /// <param name="input">The training rows. For anomaly detection, mostly or all normal ones.</param>
    /// <returns>The fitted autoencoder, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a row has a missing value that training refuses,
    /// training diverges, the checkpoint is of another training, a native library is missing, or it computes
    /// convolutions wrongly and cannot be kept from it.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    /// <exception cref="IOException">The folder or file of the checkpoint cannot be used.</exception>
    public AutoencoderTransformer Fit(IDataView input) => Fit(input, validation: null, inspect: null);

    /// <summary>
    /// Trains an autoencoder and measures it after each epoch on rows of their own; the weights of the epoch with the
    /// least validation loss are kept, and threshold and probability come from these rows' scores.
    /// </summary>
    /// <param name="input">The training rows.</param>
    /// <param name="validation">The validation rows, with the same columns.</param>
    /// <returns>The fitted autoencoder, with its threshold.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of the wrong type, or the validation rows'
    /// condition is a key with other values.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, a row has a missing value that training refuses,
    /// training diverges, the checkpoint is of another training, a native library is missing, or it computes
    /// convolutions wrongly and cannot be kept from it.</exception>
    /// <exception cref="OperationCanceledException">The training was canceled, and the options do not want the best
    /// weights so far.</exception>
    /// <exception cref="IOException">The folder or file of the checkpoint cannot be used.</exception>
    public AutoencoderTransformer Fit(IDataView input, IDataView validation)
    {
        ArgumentNullException.ThrowIfNull(validation);
        return Fit(input, validation, inspect: null);
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var shape = AutoencoderColumns.OutputShape(inputSchema, _options.Columns());
        if (_options.WeightColumnName is { } weights)
        {
            var column = AutoencoderColumns.Find(inputSchema, weights, nameof(inputSchema), "weight");
            if (column.IsKey || column.ItemType != NumberDataViewType.Single || column.Kind == SchemaShape.Column.VectorKind.VariableVector)
                throw new ArgumentOutOfRangeException(nameof(inputSchema),
                    $"The weight column '{weights}' is {column.GetTypeString()}; expected a scalar of Single.");
        }
        if (_options.LabelColumnName is { } label)
            AnomalyLabels.CheckShape(inputSchema, label, _options.AnomalyLabelValue);
        return shape;
    }

    /// <summary>Trains an autoencoder and shows the trained network, with its training set, before they go.</summary>
    internal AutoencoderTransformer Fit(IDataView input, Action<AutoencoderNetwork, TrainingSet> inspect) =>
        Fit(input, validation: null, inspect);

    internal AutoencoderTransformer Fit(IDataView input, IDataView? validation, Action<AutoencoderNetwork, TrainingSet>? inspect)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var columns = TrainingColumns.Find(input.Schema, _options);
        string[] names = columns.FeatureNames;
        _options.Network.ValidateFor(names.Length, _options.FeatureColumnName);
        if (_options.FeatureWeights is { } weights && weights.Count != names.Length)
            throw new InvalidOperationException(
                $"The option {nameof(Options.FeatureWeights)} has {weights.Count} weights, and the column '{_options.FeatureColumnName}' " +
                $"{names.Length} features; expected one weight for each feature.");
        var validationColumns = validation is null ? null : FindValidation(validation.Schema, columns);
        var device = TrainingDevices.Choose(_options.Device, _context, channel);
        var (rows, split) = TrainingData.Read(input, columns, Reading(validation is null ? _options.ValidationShare : 0), channel);
        using var ownsRows = rows;
        using var heldOut = validation is null ? split
            : TrainingData.Read(validation, validationColumns!, Reading(heldOutShare: 0), channel).Training;
        Require.Not(heldOut is null && _options.EarlyStopping is not null, nameof(Options.EarlyStopping), "set",
            nameof(Options.ValidationShare), 0, "there is no validation loss to look at; give a share or a validation view");
        using var training = new AutoencoderTraining(_options, _seed, columns, rows, heldOut, device, channel);
        var history = training.Run(Convolutions ?? ConvolutionGuard.Process, inspect);
        var model = training.ToModel(history);
        if (model.Metadata.CodeCovariance.Count == 0)
            channel.Warning(MessageSensitivity.None,
                "The codes of the training rows vary by more than a Single holds as a variance: the model keeps no distribution of codes " +
                "to sample from. Scale the features.");
        return _context.Autoencoders().FromModel(model, _options.Scoring, history);
    }

    /// <summary>The columns of the validation data, which must be read as those of the training data are.</summary>
    private TrainingColumns FindValidation(DataViewSchema validation, TrainingColumns training)
    {
        var columns = TrainingColumns.Find(validation, _options);
        if (columns.FeatureNames.Length != training.FeatureNames.Length)
            throw new ArgumentOutOfRangeException(nameof(validation),
                $"The column '{_options.FeatureColumnName}' has {columns.FeatureNames.Length} features in the validation data and " +
                $"{training.FeatureNames.Length} in the training data.");
        RequireSame("condition", columns.Condition, training.Condition);
        RequireSame("code offset", columns.Offset, training.Offset);
        return columns with { AnomalyLabel = columns.AnomalyLabel?.OfValidation() };

        static void RequireSame(string what, DataViewSchema.Column? validation, DataViewSchema.Column? training)
        {
            if (validation is not { } found || training is not { } expected)
                return;
            if (AutoencoderColumns.WidthOf(found) != AutoencoderColumns.WidthOf(expected))
                throw new ArgumentOutOfRangeException(nameof(validation),
                    $"The {what} column '{found.Name}' is {found.Type} in the validation data and {expected.Type} in the training data; " +
                    "expected as many values.");

            // A key without values may be any.
            if (!AutoencoderColumns.HasKeyNames(found) || !AutoencoderColumns.HasKeyNames(expected))
                return;
            string[] values = AutoencoderColumns.KeyNames(found), expectedValues = AutoencoderColumns.KeyNames(expected);
            if (!values.SequenceEqual(expectedValues))
                throw new ArgumentOutOfRangeException(nameof(validation),
                    $"The {what} column '{found.Name}' is a key with the values {string.Join(", ", values.Take(10))} in the validation " +
                        $"data and {string.Join(", ", expectedValues.Take(10))} in the training data; expected the same in the same " +
                        "order. Make both with the MapValueToKey that was fitted for the training.");
        }
    }

    /// <summary>How rows are read; those of a training with checkpoints get a digest.</summary>
    private RowReading Reading(double heldOutShare) =>
        _options.Reading(_seed, heldOutShare) with { HasDigest = _options.Checkpoint is not null };
}
