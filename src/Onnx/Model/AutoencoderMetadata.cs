using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// What an exported graph says of itself in ONNX's <c>metadata_props</c>, so that a file explains itself and a fitted
/// model can be had back from it.
/// </summary>
/// <remarks>
/// Every key starts with <see cref="Prefix"/>. Numbers are written in the invariant culture with as many digits as bring the same
/// value back; lists of numbers are separated by commas; names and options are JSON.
/// </remarks>
public sealed record AutoencoderMetadata
{
    /// <summary>What every key of this library starts with.</summary>
    public const string Prefix = "autoencoder.";

    /// <summary>The format's version that this library writes: <c>major.minor</c>. A reader refuses a newer major.</summary>
    public const string CurrentFormatVersion = "1.4";

    /// <summary>The first version whose files list the network's layers.</summary>
    internal const string LeastFormatWithLayers = "1.3";

    /// <summary>The value of <see cref="ScoreDirection"/> for scores that are higher for rows more anomalous.</summary>
    public const string HigherIsMoreAnomalous = "higher_is_more_anomalous";

    /// <summary>The value of <see cref="ScoreDirection"/> for a classifier: a score is higher for a class more probable.</summary>
    public const string HigherIsMoreProbable = "higher_is_more_probable";

    /// <summary>
    /// The value of <see cref="Variant"/> for an encoder and a decoder of another library's, whose nodes may have any
    /// of ONNX's operators.
    /// </summary>
    public const string Imported = "imported";

    /// <summary>The value of <see cref="Graph"/> for a file with the stock transforms before the autoencoder in it.</summary>
    public const string Pipeline = "pipeline";

    private const string Variational = "variational";
    private const string Deterministic = "deterministic";

    /// <summary>How many quantiles of the training scores are kept: at 0, 0.001, ..., 1.</summary>
    public const int QuantileCount = 1001;

    /// <summary>How many of the largest training scores are kept.</summary>
    internal const int MostLargestScores = 1024;

    /// <summary>The version of this library, as written into the graphs.</summary>
    public static string CurrentLibraryVersion { get; } =
        typeof(AutoencoderMetadata).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split(
            '+')[0];

    /// <summary>The version of the metadata's format, <c>major.minor</c>.</summary>
    public string FormatVersion { get; init; } = CurrentFormatVersion;

    /// <summary>The version of the library that wrote the graph.</summary>
    public string LibraryVersion { get; init; } = CurrentLibraryVersion;

    /// <summary>Which graph this is: <c>scorer</c>, <c>encoder</c>, <c>decoder</c>, <c>classifier</c> or <see cref="Pipeline"/>.</summary>
    public string Graph { get; init; } = "scorer";

    /// <summary>
    /// The kind of autoencoder, such as <c>dense</c> or <c>denoising variational convolutional</c>, or
    /// <see cref="Imported"/>.
    /// </summary>
    public required string Variant { get; init; }

    /// <summary>The names of the features, in the order of the slots; as many as there are features.</summary>
    public required IReadOnlyList<string> FeatureNames { get; init; }

    /// <summary>The number of units of the code.</summary>
    public required int CodeSize { get; init; }

    /// <summary>
    /// How raw features are scaled: <c>none</c>, <c>standardize</c>, <c>min-max</c> or <c>robust</c>; <c>given</c>
    /// where offsets and scales came from elsewhere.
    /// </summary>
    public required string Scaling { get; init; }

    /// <summary>Per feature, what is subtracted from a raw value before it is divided by <see cref="ScalingScales"/>.</summary>
    public required IReadOnlyList<float> ScalingOffsets { get; init; }

    /// <summary>Per feature, what a raw value less its offset is divided by; 1 for a constant feature.</summary>
    public required IReadOnlyList<float> ScalingScales { get; init; }

    /// <summary>Per feature, the mean of the training rows in raw units.</summary>
    public required IReadOnlyList<float> FeatureMeans { get; init; }

    /// <summary>The reconstruction loss whose terms the feature errors are, one of <see cref="LossKind"/>.</summary>
    public required string Loss { get; init; }

    /// <summary>The weight of each feature in loss and score; empty where all weigh the same.</summary>
    public IReadOnlyList<float> FeatureWeights { get; init; } = [];

    /// <summary>
    /// Whether the encoder gives a distribution of codes, <see cref="GraphNames.Code"/> its mean and
    /// <see cref="GraphNames.CodeLogVariance"/>.
    /// </summary>
    public bool IsVariational { get; init; }

    /// <summary>The variance of a variational decoder's Gaussian likelihood, in scaled units; 0 where there is none.</summary>
    public float LikelihoodVariance { get; init; }

    /// <summary>The width of the graph's input <see cref="GraphNames.Condition"/>; 0 where there is none.</summary>
    public int ConditionSize { get; init; }

    /// <summary>Where the condition is a key, the names of its values, in their order; otherwise empty.</summary>
    public IReadOnlyList<string> ConditionValues { get; init; } = [];

    /// <summary>The width of the graph's input <see cref="GraphNames.CodeOffset"/>; 0 where there is none.</summary>
    public int CodeOffsetSize { get; init; }

    /// <summary>The names of a classifier's classes, in the order of the label's keys; empty for an autoencoder.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>
    /// The type of the label's key values that <see cref="ClassNames"/> stand for: <c>Text</c>, a number's type such as
    /// <c>Single</c>, or empty where the label's key has no values.
    /// </summary>
    public string ClassType { get; init; } = "";

    /// <summary>What the score is, one of <see cref="Onnx.ScoreKind"/>.</summary>
    public string ScoreKind { get; init; } = Onnx.ScoreKind.MeanFeatureError;

    /// <summary>How many samples of the code a score takes, where its kind takes any; otherwise 0.</summary>
    public int ScoreSamples { get; init; }

    /// <summary>Which way the score points: <c>higher_is_more_anomalous</c>, or of a classifier <c>higher_is_more_probable</c>.</summary>
    public string ScoreDirection { get; init; } = HigherIsMoreAnomalous;

    /// <summary>What a row with a missing value (NaN or infinity) gets: <c>nan</c>, <c>error</c> or <c>mean</c>.</summary>
    public required string MissingValues { get; init; }

    /// <summary>The score above which a row counts as an anomaly.</summary>
    public float Threshold { get; init; } = float.PositiveInfinity;

    /// <summary>How the threshold was chosen, such as <c>contamination 0.1</c>.</summary>
    public string ThresholdRule { get; init; } = "none";

    /// <summary>The number of training rows with a score; 0 before it is known, and in files before 1.3.</summary>
    public long ScoreCount { get; init; }

    /// <summary>The mean of the training scores; 0 before it is known.</summary>
    public float ScoreMean { get; init; }

    /// <summary>The (population) standard deviation of the training scores; 0 before it is known.</summary>
    public float ScoreDeviation { get; init; }

    /// <summary>The quantiles of the training scores at 0, 0.001, ..., 1; empty before they are known.</summary>
    public IReadOnlyList<float> ScoreQuantiles { get; init; } = [];

    /// <summary>
    /// The largest training scores, at most 1,024 and rising, so that a threshold above which few rows lie can be found;
    /// empty before they are known, and in files before 1.3.
    /// </summary>
    public IReadOnlyList<float> LargestScores { get; init; } = [];

    /// <summary>The mean of the training rows' codes, [k]; empty before it is known.</summary>
    public IReadOnlyList<float> CodeMean { get; init; } = [];

    /// <summary>
    /// The (population) covariance of the training rows' codes, [k, k] row by row; for codes of more than 128 units
    /// only the variances, [k]; empty before it is known, and where one is more than a Single holds.
    /// </summary>
    public IReadOnlyList<float> CodeCovariance { get; init; } = [];

    /// <summary>
    /// The shares of the components, [c], of a mixture of Gaussians fitted to the training rows' codes; empty where
    /// there is none, as for codes of more than 32 units and in older files.
    /// </summary>
    public IReadOnlyList<float> CodeMixtureWeights { get; init; } = [];

    /// <summary>The means of the mixture's components, [c, k] row by row.</summary>
    public IReadOnlyList<float> CodeMixtureMeans { get; init; } = [];

    /// <summary>The covariances of the mixture's components, [c, k, k] row by row.</summary>
    public IReadOnlyList<float> CodeMixtureCovariances { get; init; } = [];

    /// <summary>
    /// How the graph's weights are stored: <c>none</c> (in 32-bit floating point), <c>float16</c>, <c>int8_weights</c>,
    /// <c>static_int8</c>, or <c>dynamic_int8</c> in older files. Training statistics, threshold and quantiles are
    /// those of the graph before.
    /// </summary>
    public string Quantization { get; init; } = QuantizationName.None;

    /// <summary>The functions of the network in their order, and where their weights are; empty in files before 1.3.</summary>
    internal IReadOnlyList<NetworkLayer> Layers { get; init; } = [];

    /// <summary>How windows of a time series are cut; null where a row is no window, as in files before 1.4.</summary>
    public WindowDescription? Windows { get; init; }

    /// <summary>The options that the model was trained with, as JSON.</summary>
    public required string Options { get; init; }

    /// <summary>The seed that all of the training's random numbers came from.</summary>
    public required long Seed { get; init; }

    /// <summary>The number of threads that the training used.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>
    /// A summary of the training, as JSON: rows, epochs, losses by term and validation loss of the first, the best and
    /// the last epoch, and a series of at most 20 epochs.
    /// </summary>
    public required string Training { get; init; }

    /// <summary>
    /// Which column of a data view each of the graph's inputs and outputs stands for; what is not named here has no
    /// column.
    /// </summary>
    public IReadOnlyDictionary<string, string> Columns { get; init; } = new Dictionary<string, string>();

    /// <summary>The number of features.</summary>
    public int FeatureCount => FeatureNames.Count;

    /// <summary>
    /// Writes every property under its key; of a quantized graph, whose weights would be small beside them, long values
    /// packed.
    /// </summary>
    internal IReadOnlyDictionary<string, string> ToDictionary() =>
        Quantization == QuantizationName.None ? ToTexts() : PackedText.Pack(ToTexts());

    private Dictionary<string, string> ToTexts() => new(StringComparer.Ordinal)
    {
        [Prefix + "format_version"] = FormatVersion,
        [Prefix + "library_version"] = LibraryVersion,
        [Prefix + "graph"] = Graph,
        [Prefix + "variant"] = Variant,
        [Prefix + "feature_names"] = MetadataJson.Write(FeatureNames),
        [Prefix + "code_size"] = CodeSize.ToString(CultureInfo.InvariantCulture),
        [Prefix + "scaling"] = Scaling,
        [Prefix + "scaling_offsets"] = Join(ScalingOffsets),
        [Prefix + "scaling_scales"] = Join(ScalingScales),
        [Prefix + "feature_means"] = Join(FeatureMeans),
        [Prefix + "loss"] = Loss,
        [Prefix + "feature_weights"] = Join(FeatureWeights),
        [Prefix + "code_kind"] = IsVariational ? Variational : Deterministic,
        [Prefix + "likelihood_variance"] = LikelihoodVariance.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "condition_size"] = ConditionSize.ToString(CultureInfo.InvariantCulture),
        [Prefix + "condition_values"] = MetadataJson.Write(ConditionValues),
        [Prefix + "code_offset_size"] = CodeOffsetSize.ToString(CultureInfo.InvariantCulture),
        [Prefix + "class_names"] = MetadataJson.Write(ClassNames),
        [Prefix + "class_type"] = ClassType,
        [Prefix + "score_kind"] = ScoreKind,
        [Prefix + "score_samples"] = ScoreSamples.ToString(CultureInfo.InvariantCulture),
        [Prefix + "score_direction"] = ScoreDirection,
        [Prefix + "missing_values"] = MissingValues,
        [Prefix + "threshold"] = Threshold.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "threshold_rule"] = ThresholdRule,
        [Prefix + "score_count"] = ScoreCount.ToString(CultureInfo.InvariantCulture),
        [Prefix + "score_mean"] = ScoreMean.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "score_deviation"] = ScoreDeviation.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "score_quantiles"] = Join(ScoreQuantiles),
        [Prefix + "largest_scores"] = Join(LargestScores),
        [Prefix + "code_mean"] = Join(CodeMean),
        [Prefix + "code_covariance"] = Join(Packed(CodeCovariance)),
        [Prefix + "code_mixture_weights"] = Join(CodeMixtureWeights),
        [Prefix + "code_mixture_means"] = Join(CodeMixtureMeans),
        [Prefix + "code_mixture_covariances"] = Join(Packed(CodeMixtureCovariances)),
        [Prefix + "quantization"] = Quantization,
        [Prefix + "layers"] = NetworkLayer.ToJson(Layers),
        [Prefix + "windows"] = WindowDescription.Write(Windows),
        [Prefix + "options"] = Options,
        [Prefix + "seed"] = Seed.ToString(CultureInfo.InvariantCulture),
        [Prefix + "thread_count"] = ThreadCount.ToString(CultureInfo.InvariantCulture),
        [Prefix + "training"] = Training,
        [Prefix + "columns"] = MetadataJson.Write(Columns),
    };

    /// <summary>Reads the properties back.</summary>
    /// <exception cref="InvalidDataException">It was not written by this library, or by a newer major version of its
    /// format, or a value is missing, cannot be read, or contradicts another.</exception>
    internal static AutoencoderMetadata Read(IReadOnlyDictionary<string, string> metadata, string source)
    {
        if (!IsAutoencoder(metadata))
            throw new InvalidDataException(
                $"{source} is not an autoencoder of this library: its metadata have no '{Prefix}format_version'.");
        string version = metadata[Prefix + "format_version"];
        string supported = CurrentFormatVersion.Split('.')[0];
        if (!int.TryParse(version.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out int major))
            throw new InvalidDataException(
                $"{source} has the format version '{version}'; expected major.minor, such as {CurrentFormatVersion}.");
        if (major > int.Parse(supported, CultureInfo.InvariantCulture))
            throw new InvalidDataException(
                $"{source} has the format version {version}; this library (version {CurrentLibraryVersion}) reads up to {supported}.x. " +
                "Use a newer version of the library.");

        metadata = PackedText.Unpack(OfBefore(metadata), source);
        string Text(string key) => metadata.TryGetValue(Prefix + key, out string? value)
            ? value
            : throw new InvalidDataException($"{source} lacks the metadata '{Prefix}{key}', which the format version {version} requires.");
        T Parse<T>(string key, Func<string, T> parse) => ParseText(key, Text(key), parse);
        T ParseNewer<T>(string key, Func<string, T> parse, T older) =>
            metadata.TryGetValue(Prefix + key, out string? text) ? ParseText(key, text, parse) : older;
        T ParseText<T>(string key, string text, Func<string, T> parse)
        {
            try
            {
                return parse(text);
            }
            catch (Exception e) when (e is FormatException or OverflowException or JsonException)
            {
                throw new InvalidDataException(
                    $"{source} has metadata '{Prefix}{key}' that cannot be read as {typeof(T).Name}: '{Shorten(text)}'.", e);
            }
        }

        var result = new AutoencoderMetadata
        {
            FormatVersion = version,
            LibraryVersion = Text("library_version"),
            Graph = Text("graph"),
            Variant = Text("variant"),
            FeatureNames = Parse("feature_names", MetadataJson.ReadNames),
            CodeSize = Parse("code_size", Whole),
            Scaling = Text("scaling"),
            ScalingOffsets = Parse("scaling_offsets", Split),
            ScalingScales = Parse("scaling_scales", Split),
            FeatureMeans = Parse("feature_means", Split),
            Loss = Text("loss"),
            FeatureWeights = ParseNewer("feature_weights", Split, []),
            IsVariational = ParseNewer("code_kind", text =>
                text == Variational || (text == Deterministic ? false : throw new FormatException()), false),
            LikelihoodVariance = ParseNewer("likelihood_variance", Number, 0),
            ConditionSize = ParseNewer("condition_size", Whole, 0),
            ConditionValues = ParseNewer("condition_values", MetadataJson.ReadNames, []),
            CodeOffsetSize = ParseNewer("code_offset_size", Whole, 0),
            ClassNames = ParseNewer("class_names", MetadataJson.ReadNames, []),
            ClassType = ParseNewer("class_type", text => text, ""),
            ScoreKind = Text("score_kind"),
            ScoreSamples = ParseNewer("score_samples", Whole, 0),
            ScoreDirection = Text("score_direction"),
            MissingValues = Text("missing_values"),
            Threshold = Parse("threshold", Number),
            ScoreCount = ParseNewer("score_count", WholeLong, 0),
            ScoreMean = Parse("score_mean", Number),
            ScoreDeviation = Parse("score_deviation", Number),
            ThresholdRule = Text("threshold_rule"),
            ScoreQuantiles = Parse("score_quantiles", Split),
            LargestScores = ParseNewer("largest_scores", Split, []),
            CodeMean = Parse("code_mean", Split),
            CodeCovariance = Parse("code_covariance", Split),
            CodeMixtureWeights = ParseNewer("code_mixture_weights", Split, []),
            CodeMixtureMeans = ParseNewer("code_mixture_means", Split, []),
            CodeMixtureCovariances = ParseNewer("code_mixture_covariances", Split, []),
            Quantization = ParseNewer("quantization", text => text, QuantizationName.None),
            Layers = ParseNewer("layers", NetworkLayer.Parse, []),
            Windows = ParseNewer("windows", WindowDescription.Parse, null),
            Options = Text("options"),
            Seed = Parse("seed", WholeLong),
            ThreadCount = Parse("thread_count", Whole),
            Training = Text("training"),
            Columns = Parse("columns", MetadataJson.ReadColumns),
        };
        if (result.Quantization != QuantizationName.None)
        {
            result = result with
            {
                CodeCovariance = SymmetricMatrices.Unpack(result.CodeCovariance, result.CodeSize, 1),
                CodeMixtureCovariances = SymmetricMatrices.Unpack(
                    result.CodeMixtureCovariances, result.CodeSize, result.CodeMixtureWeights.Count),
            };
        }
        MetadataCheck.Check(result, source);
        return result;
    }

    /// <summary>Whether the metadata are of a graph that this library wrote, of any version.</summary>
    internal static bool IsAutoencoder(IReadOnlyDictionary<string, string> metadata) => metadata.ContainsKey(Prefix + "format_version");

    /// <summary>The metadata with the keys and words of today: before 1.3 some were in British English.</summary>
    private static Dictionary<string, string> OfBefore(IReadOnlyDictionary<string, string> metadata)
    {
        var result = new Dictionary<string, string>(metadata, StringComparer.Ordinal);
        if (result.Remove(Prefix + "quantisation", out string? quantization))
            result.TryAdd(Prefix + "quantization", quantization);
        if (result.GetValueOrDefault(Prefix + "scaling") == "standardise")
            result[Prefix + "scaling"] = "standardize";
        return result;
    }

    /// <summary>Covariances, of a quantized graph by their lower triangles.</summary>
    private IReadOnlyList<float> Packed(IReadOnlyList<float> covariances) =>
        Quantization == QuantizationName.None ? covariances : SymmetricMatrices.Pack(covariances, CodeSize);

    private static string Join(IReadOnlyList<float> values) =>
        string.Join(',', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)));

    private static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static long WholeLong(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static float Number(string text) => float.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    private static float[] Split(string text) => text.Length == 0 ? [] : Array.ConvertAll(text.Split(','), Number);

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "...";
}
