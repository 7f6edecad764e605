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
/// <see cref="TrainingOptions.Corruption"/> from a spoiled hᵢ₋₁ (Vincent, Larochelle, Lajoie, Bengio and Manzagol 2010). Then
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
    public sealed class Options : TrainingOptions
    {
        /// <summary>The default value of <see cref="Code"/>.</summary>
        public const int DefaultCode = 50;

        /// <summary>The default value of <see cref="PretrainingEpochs"/>.</summary>
        public const int DefaultPretrainingEpochs = 10;

        /// <summary>
        /// The column with the label, a key of at least two values. Rows with a missing key take part in the
        /// pretraining only. The default value is "Label".
        /// </summary>
        public string LabelColumnName { get; set; } = ClassifierColumns.Label;

        /// <summary>The widths of the hidden layers, from the features to the code. The default value is 100. May be empty.</summary>
        public IReadOnlyList<int> Hidden { get; set => field = ValueList.Of(value); } = ValueList.Of([100]);

        /// <summary>The number of units of the code, the last layer before the classes. The default value is 50.</summary>
        public int Code { get; set; } = DefaultCode;

        /// <summary>The activation of the hidden layers and of the code. The default value is <see cref="Activation.ReLU"/>.</summary>
        public Activation Activation { get; set; } = Activation.ReLU;

        /// <summary>
        /// How often the training rows are gone through for each layer before the labels are looked at. The default
        /// value is 10; with 0 nothing is pretrained.
        /// </summary>
        public int PretrainingEpochs { get; set; } = DefaultPretrainingEpochs;

        internal override void Validate()
        {
            base.Validate();
            Require.ColumnName(LabelColumnName, nameof(LabelColumnName));
            Require.NotNull(Hidden, nameof(Hidden));
            foreach (int width in Hidden)
                Require.AtLeast(width, 1, nameof(Hidden));
            Require.AtLeast(Code, 1, nameof(Code));
            Require.Defined(Activation, nameof(Activation));
            Require.AtLeast(PretrainingEpochs, 0, nameof(PretrainingEpochs));
            ValidateOutputs("the classifier", (PredictedLabelColumnName, nameof(PredictedLabelColumnName)),
                (ScoreColumnName, nameof(ScoreColumnName)), (CodeColumnName, nameof(CodeColumnName)));
            AutoencoderColumns.Validate(Columns());
        }

        internal Options Clone() => (Options)MemberwiseClone();

        internal override IReadOnlyDictionary<string, string> Columns() => AutoencoderColumns.Named(
            (GraphNames.Features, FeatureColumnName), (GraphNames.PredictedLabel, PredictedLabelColumnName),
            (GraphNames.ClassProbabilities, ScoreColumnName), (GraphNames.Code, CodeColumnName));

        /// <summary>The autoencoder whose encoder classifies.</summary>
        internal AutoencoderEstimator.Options Stack() => AddTo(new()
        {
            Network = new DenseNetworkOptions { Hidden = Hidden, Activation = Activation },
            Code = new CodeOptions { Size = Code, Activation = Activation },
            Pretraining = new PretrainingOptions { Epochs = PretrainingEpochs },
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
        var reading = stack.Reading(_seed, heldOutShare: 0) with { Budget = long.MaxValue };
        using var rows = TrainingData.Read(input, columns, reading, channel).Training;
        using var labeled = rows.WithClass();
        if (labeled.Count == 0)
            throw new InvalidOperationException(
                $"None of the {rows.Count} training rows has a label in the column '{label.Name}', so there is nothing to learn classes " +
                "from. Expected at least one.");
        if (labeled.Count < rows.Count)
            channel.Info(MessageSensitivity.None,
                $"{labeled.Count} of {rows.Count} training rows have a label in the column '{label.Name}'; the others take part in the " +
                "pretraining only.");
        using var training = new ClassifierTraining(stack, _seed, columns, rows, labeled, classes, torch.CPU, channel);
        var history = training.Run(inspect);
        return _context.Autoencoders().ClassifierFromModel(training.ToModel(_options, history), _options.Scoring);
    }

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
