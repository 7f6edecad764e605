using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>Trains a classifier on the code of a stacked autoencoder: layer by layer without labels, then as a whole with them.</summary>
/// <remarks>
/// <para><b>Input and output columns.</b> The feature column is a vector of known size (or, for one feature, a scalar)
/// of Single; the label column is a key. The fitted transformer adds, each where its name is not null:</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type and meaning</description></listheader>
/// <item><term><c>PredictedLabel</c></term><description>Key, with the values of the label's key: the most probable
/// class.</description></item>
/// <item><term><c>Score</c></term><description>Vector of Single: the probability of each class, in the order of the
/// keys.</description></item>
/// <item><term><c>Code</c></term><description>Vector of Single: the code of the row, the last layer before the
/// classes.</description></item>
/// </list>
/// <para><b>Trainer characteristics.</b> Multiclass classification, semi-supervised: rows whose label is missing take
/// part in the pretraining; no caching needed (rows are read once); scaling is built in; needs Microsoft.ML and
/// TorchSharp with one of its native packages to train, and ONNX Runtime to score; exportable to ONNX.</para>
/// <para><b>Training.</b> Layer i, hᵢ = f(Wᵢ hᵢ₋₁ + bᵢ), is trained with a decoder of its own to reconstruct hᵢ₋₁, h₀
/// the scaled row, by its mean squared error (Bengio, Lamblin, Popovici and Larochelle 2007), with
/// <see cref="Options.Corruption"/> from a spoiled hᵢ₋₁ (Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010). Then
/// the decoders go, a softmax layer is put on the code z, p = softmax(V z + c), and all layers are trained on the
/// labeled rows to minimize the mean of −ln p of the row's class (Hinton and Salakhutdinov 2006). Both by Adam (Kingma
/// and Ba 2015) over shuffled batches.</para>
/// <para><b>Randomness.</b> Everything random comes from one generator that belongs to the fit; the process-wide one is
/// neither read nor changed. A second fit on the same data gives the same bytes. With one seed, the initial weights are
/// the same with and without pretraining.</para>
/// </remarks>
public sealed class StackedClassifierEstimator : IEstimator<StackedClassifierTransformer>
{
    private readonly MLContext _context;
    private readonly IHost _host;
    private readonly Options _options;
    private readonly long _seed;

    internal StackedClassifierEstimator(MLContext context, Options options)
    {
        options.Validate();
        _context = context;
        _options = options.Clone();
        _host = ((IHostEnvironment)context).Register("StackedClassifier");
        _seed = options.Seed ?? _host.Rand.Next();
    }

    /// <summary>The options of <see cref="StackedClassifierEstimator"/>. They are copied when the estimator is made.</summary>
    public sealed class Options
    {
        /// <summary>The default value of <see cref="Code"/>.</summary>
        public const int DefaultCode = 50;

        /// <summary>The default value of <see cref="PretrainingEpochs"/>.</summary>
        public const int DefaultPretrainingEpochs = 10;

        /// <summary>The default value of <see cref="Epochs"/>.</summary>
        public const int DefaultEpochs = 50;

        /// <summary>The default value of <see cref="BatchSize"/>.</summary>
        public const int DefaultBatchSize = AutoencoderEstimator.Options.DefaultBatchSize;

        /// <summary>The default value of <see cref="LearningRate"/>.</summary>
        public const double DefaultLearningRate = AutoencoderEstimator.Options.DefaultLearningRate;

        /// <summary>The default value of <see cref="Scaling"/>.</summary>
        public const InputScaling DefaultScaling = AutoencoderEstimator.Options.DefaultScaling;

        /// <summary>The column with the features, a vector of known size of Single. The default value is "Features".</summary>
        public string FeatureColumnName { get; set; } = AutoencoderColumns.Features;

        /// <summary>
        /// The column with the label, a key of at least two values. Rows with a missing key take part in the
        /// pretraining only. The default value is "Label".
        /// </summary>
        public string LabelColumnName { get; set; } = ClassifierColumns.Label;

        /// <summary>The column for the most probable class, or null for none. The default value is "PredictedLabel".</summary>
        public string? PredictedLabelColumnName { get; set; } = AutoencoderColumns.PredictedLabel;

        /// <summary>The column for the probabilities of the classes, or null for none. The default value is "Score".</summary>
        public string? ScoreColumnName { get; set; } = AutoencoderColumns.Score;

        /// <summary>The column for the code, or null for none. The default value is null.</summary>
        public string? CodeColumnName { get; set; }

        /// <summary>The widths of the hidden layers, from the features to the code. The default value is 100. May be empty.</summary>
        public IReadOnlyList<int> Hidden { get; set; } = [100];

        /// <summary>The number of units of the code, the last layer before the classes. The default value is 50.</summary>
        public int Code { get; set; } = DefaultCode;

        /// <summary>The activation of the hidden layers and of the code. The default value is <see cref="Activation.ReLU"/>.</summary>
        public Activation Activation { get; set; } = Activation.ReLU;

        /// <summary>What spoils the inputs of a layer while it is pretrained. The default value is null: nothing.</summary>
        public Corruption? Corruption { get; set; }

        /// <summary>How the features are scaled, inside the graph. The default value is <see cref="InputScaling.Standardize"/>.</summary>
        public InputScaling Scaling { get; set; } = DefaultScaling;

        /// <summary>
        /// How often the training rows are gone through for each layer before the labels are looked at. The default
        /// value is 10; with 0 nothing is pretrained.
        /// </summary>
        public int PretrainingEpochs { get; set; } = DefaultPretrainingEpochs;

        /// <summary>How often the labeled training rows are gone through. The default value is 50.</summary>
        public int Epochs { get; set; } = DefaultEpochs;

        /// <summary>The rows of one step. The default value is 32. The last batch of an epoch may be smaller.</summary>
        public int BatchSize { get; set; } = DefaultBatchSize;

        /// <summary>The step size of Adam. The default value is 0.001.</summary>
        public double LearningRate { get; set; } = DefaultLearningRate;

        /// <summary>
        /// How many threads libtorch trains with, 1 to 1024; see <see cref="AutoencoderEstimator.Options.Threads"/>. The default value is
        /// null: as many as the work of a step pays for.
        /// </summary>
        public int? Threads { get; set; }

        /// <summary>
        /// Device, threads and batches of the fitted model. The default value leaves the device to the context and the
        /// rest to ONNX Runtime.
        /// </summary>
        public ScoringOptions Scoring { get; set; } = new();

        /// <summary>
        /// What training does with a row that has a missing feature. The default value is
        /// <see cref="TrainingMissingValues.Refuse"/>.
        /// </summary>
        public TrainingMissingValues MissingValues { get; set; } = TrainingMissingValues.Refuse;

        /// <summary>
        /// What scoring does with a row that has a missing feature. The default value is
        /// <see cref="ScoringMissingValues.NaN"/>: its probabilities are NaN and its predicted label is a missing key.
        /// </summary>
        public ScoringMissingValues ScoringMissingValues { get; set; } = ScoringMissingValues.NaN;

        /// <summary>
        /// The seed of everything random in the training. The default value is null: one is drawn from the context when
        /// the estimator is made.
        /// </summary>
        public int? Seed { get; set; }

        internal void Validate()
        {
            Require.ColumnName(FeatureColumnName, nameof(FeatureColumnName));
            Require.ColumnName(LabelColumnName, nameof(LabelColumnName));
            Require.NotNull(Hidden, nameof(Hidden));
            foreach (int width in Hidden)
                Require.AtLeast(width, 1, nameof(Hidden));
            Require.AtLeast(Code, 1, nameof(Code));
            Require.Defined(Activation, nameof(Activation));
            Corruption?.Validate();
            Require.Defined(Scaling, nameof(Scaling));
            Require.AtLeast(PretrainingEpochs, 0, nameof(PretrainingEpochs));
            Require.AtLeast(Epochs, 0, nameof(Epochs));
            Require.AtLeast(BatchSize, 1, nameof(BatchSize));
            Require.Between(LearningRate, 0, float.MaxValue, nameof(LearningRate));
            Require.Threads(Threads, nameof(Threads));
            Require.NotNull(Scoring, nameof(Scoring));
            Scoring.Validate();
            Require.Defined(MissingValues, nameof(MissingValues));
            Require.Defined(ScoringMissingValues, nameof(ScoringMissingValues));
            AutoencoderColumns.Validate(Columns());
            if (Columns().Count == 1)
                throw new ArgumentException(
                    "All output columns are null, so the classifier would add nothing. Name at least one, such as " +
                    $"{nameof(PredictedLabelColumnName)}.", nameof(PredictedLabelColumnName));
        }

        internal Options Clone()
        {
            var copy = (Options)MemberwiseClone();
            copy.Hidden = [.. Hidden];
            return copy;
        }

        /// <summary>From names of the graph to names of columns; what is null has none.</summary>
        internal IReadOnlyDictionary<string, string> Columns()
        {
            (string Graph, string? Column)[] columns =
            [
                (GraphNames.Features, FeatureColumnName),
                (GraphNames.PredictedLabel, PredictedLabelColumnName),
                (GraphNames.ClassProbabilities, ScoreColumnName),
                (GraphNames.Code, CodeColumnName),
            ];
            return columns.Where(pair => pair.Column is not null)
                .ToDictionary(pair => pair.Graph, pair => pair.Column!, StringComparer.Ordinal);
        }

        /// <summary>The autoencoder whose encoder classifies.</summary>
        internal AutoencoderEstimator.Options Stack() => new()
        {
            FeatureColumnName = FeatureColumnName,
            Network = new DenseNetworkOptions { Hidden = Hidden, Activation = Activation },
            Code = new CodeOptions { Size = Code, Activation = Activation },
            Corruption = Corruption,
            Pretraining = new PretrainingOptions { Epochs = PretrainingEpochs },
            BatchSize = BatchSize,
            LearningRate = LearningRate,
        };

        /// <summary>The options as JSON for the metadata.</summary>
        internal string Describe() => JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["hidden"] = Hidden,
            ["code_size"] = Code,
            ["activation"] = Activation.ToString(),
            ["corruption"] = InvariantText.Of(Corruption),
            ["scaling"] = Scaling.ToString(),
            ["pretraining_epochs"] = PretrainingEpochs,
            ["epochs"] = Epochs,
            ["batch_size"] = BatchSize,
            ["learning_rate"] = LearningRate,
            ["threads"] = Threads,
            ["label_column"] = LabelColumnName,
            ["missing_values"] = MissingValues.ToString(),
            ["scoring_missing_values"] = ScoringMissingValues.ToString(),
        });
    }

    /// <summary>Trains a classifier.</summary>
    /// <param name="input">The training rows, with and without labels.</param>
    /// <returns>The fitted classifier.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The feature or label column is missing or of the wrong type.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or none with a label; a row has a missing feature
    /// that training refuses; two classes have one name; training diverges; or a native library is missing.</exception>
    public StackedClassifierTransformer Fit(IDataView input) => Fit(input, inspect: null);

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) =>
        ClassifierColumns.OutputShape(inputSchema, _options.Columns(), _options.LabelColumnName);

    /// <summary>Trains a classifier and shows the trained network, with its training set, before they go.</summary>
    internal StackedClassifierTransformer Fit(IDataView input, Action<StackedClassifierNetwork, TrainingSet>? inspect)
    {
        ArgumentNullException.ThrowIfNull(input);
        TorchLibrary.Require();
        using var channel = _host.Start("Training");
        var stack = _options.Stack();
        var label = ClassifierColumns.FindLabel(input.Schema, _options.LabelColumnName);
        string[] classes = ClassNames(label);
        var columns = TrainingColumns.Find(input.Schema, stack) with { Classes = label };
        using var rows = TrainingData.Read(input, columns, new RowReading { MissingValues = _options.MissingValues }, channel).Training;
        using var labeled = rows.WithClass();
        if (labeled.Count == 0)
            throw new InvalidOperationException(
                $"None of the {rows.Count} training rows has a label in the column '{label.Name}', so there is nothing to learn classes " +
                "from. Expected at least one.");
        if (labeled.Count < rows.Count)
            channel.Info(
                MessageSensitivity.None,
                $"{labeled.Count} of {rows.Count} training rows have a label in the column '{label.Name}'; the others take part in the " +
                "pretraining only.");
        var scaling = FeatureScaling.Fit(rows, _options.Scaling, columns.FeatureNames, _seed);
        TrainingWarnings.Report(channel, rows, scaling, columns.FeatureNames, _options.FeatureColumnName, _options.BatchSize);

        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator((ulong)_seed, torch.CPU);
        using var network = new StackedClassifierNetwork(
            stack.Network.Create(rows.Layout.Features, 0, 0, stack.Code, generator), classes.Length, generator);
        int threads = _options.Threads ?? TorchThreads.CountFor(network.MultiplyAdds * _options.BatchSize);
        IReadOnlyList<TrainingEpoch> history;
        using (TorchThreads.Use(threads))
        {
            bool masks = _options.MissingValues == TrainingMissingValues.Masked;
            using var set = new TrainingSet(rows, scaling, torch.CPU, masks);
            using var labeledSet = new TrainingSet(labeled, scaling, torch.CPU, masks);
            var loop = new TrainingLoop(stack, channel);
            Pretraining.Run(network.Stack, stack, set, loop, generator);
            TorchSharp.Modules.Parameter[] parameters = [.. network.ClassifyingParameters];
            using var step = new AutogradStep(parameters, (batch, _, pass) => [network.CrossEntropy(batch, pass)]);
            history = loop.Run(
                new TrainingTask { Stage = "Epoch", Parameters = parameters, Terms = ["cross_entropy"], Step = step, Rows = labeledSet,
                    Epochs = _options.Epochs }, generator);
            inspect?.Invoke(network, set);
        }
        var metadata = Describe(columns, classes, scaling, threads) with
        {
            Training = TrainingSummary.Of(history, ("rows", rows.Count), ("labeled_rows", labeled.Count), ("skipped_rows", rows.Skipped)),
        };
        return _context.Autoencoders().ClassifierFromModel(
            new AutoencoderModel(network.ToGraph(metadata), "The trained graph"), _options.Scoring);
    }

    private AutoencoderMetadata Describe(TrainingColumns columns, string[] classes, FeatureScaling scaling, int threads) => new()
    {
        Variant = _options.Corruption is null ? "stacked classifier" : "stacked denoising classifier",
        FeatureNames = columns.FeatureNames,
        CodeSize = _options.Code,
        Scaling = _options.Scaling.ToKind(),
        ScalingOffsets = scaling.Offsets,
        ScalingScales = scaling.Scales,
        FeatureMeans = scaling.Means,
        Loss = LossKind.CrossEntropy,
        ClassNames = classes,
        ClassType = ClassifierColumns.ClassType(columns.Classes!.Value),
        ScoreKind = ScoreKind.ClassProbability,
        ScoreDirection = AutoencoderMetadata.HigherIsMoreProbable,
        MissingValues = _options.ScoringMissingValues.ToPolicy(),
        Options = _options.Describe(),
        Seed = _seed,
        ThreadCount = threads,
        Training = "",
        Columns = _options.Columns(),
    };

    // A file of ML.NET's tells classes by their names alone.
    private static string[] ClassNames(DataViewSchema.Column label)
    {
        string[] names = AutoencoderColumns.KeyNames(label);
        if (names.Length != names.Distinct(StringComparer.Ordinal).Count() || names.Contains(""))
            throw new InvalidOperationException(
                $"The key values of the label column '{label.Name}' are not all different, or one is empty: " +
                $"{string.Join(", ", names.Take(20).Select(name => $"'{name}'"))}. Expected a name of its own for each class.");
        return names;
    }
}
