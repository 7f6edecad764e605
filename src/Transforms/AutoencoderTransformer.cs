using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// A fitted autoencoder: encodes, reconstructs and scores anomalies on any data view, by running its ONNX graph in
/// batches under ONNX Runtime.
/// </summary>
/// <remarks>
/// <para>Input: the feature column, a vector of known size (or, for one feature, a scalar) of Single. Output, each column named by an
/// option and left out where that is null: predicted label (Boolean), score (Single, higher is more anomalous), code, reconstruction and
/// feature errors (vectors of Single; the last two keep the features' slot names).</para>
/// <para>Safe for use by several threads. It saves into an ordinary model file, which any ML.NET application opens without this library;
/// see <see cref="AutoencoderCatalog.Load(string, out DataViewSchema, ScoringOptions)"/> for opening it with this library.</para>
/// </remarks>
public sealed partial class AutoencoderTransformer : ScoringTransformer
{
    private readonly TopFeatureColumns? _topFeatures;
    private AutoencoderTransformer? _encoder, _decoder, _reconstructor, _scorer;
    private AutoencoderGenerator? _generator;

    internal AutoencoderTransformer(MLContext context, AutoencoderModel model)
        : this(context, model, AutoencoderColumns.Of(model), topFeatures: null, ownsModel: true)
    {
    }

    internal AutoencoderTransformer(MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns,
        TopFeatureColumns? topFeatures, bool ownsModel)
        : base(context, model, columns, ownsModel) => _topFeatures = topFeatures;

    /// <summary>Whether its columns are those of top features, which the graph does not have.</summary>
    internal bool AddsTopFeatures => _topFeatures is not null;

    /// <summary>
    /// What the epochs of the training came to. Empty for a model that was opened from a file, whose metadata have a
    /// summary (<see cref="AutoencoderMetadata.Training"/>).
    /// </summary>
    public IReadOnlyList<TrainingEpoch> History { get; internal set; } = [];

    /// <summary>The score above which a row counts as an anomaly.</summary>
    public float Threshold => Metadata.Threshold;

    /// <summary>
    /// Features to code, and to the logarithm of its variance where the options name a column for that. It shares this
    /// model's sessions and ends with it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model is only a decoder.</exception>
    public AutoencoderTransformer Encoder => Part(ref _encoder, GraphNames.Features,
        Columns.ContainsKey(GraphNames.CodeLogVariance) ? [GraphNames.Code, GraphNames.CodeLogVariance] : [GraphNames.Code]);

    /// <summary>Code to reconstruction in raw units. It shares this model's sessions and ends with it.</summary>
    /// <exception cref="InvalidOperationException">The model is only an encoder.</exception>
    public AutoencoderTransformer Decoder => Part(ref _decoder, GraphNames.Code, [GraphNames.Reconstruction]);

    /// <summary>Features to reconstruction in raw units. It shares this model's sessions and ends with it.</summary>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder.</exception>
    public AutoencoderTransformer Reconstructor => Part(ref _reconstructor, GraphNames.Features, [GraphNames.Reconstruction]);

    /// <summary>
    /// Features to those of predicted label and score that the options name, or both where they name neither. It shares
    /// this model's sessions and ends with it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder.</exception>
    public AutoencoderTransformer Scorer
    {
        get
        {
            string[] outputs = [GraphNames.IsAnomaly, GraphNames.Score];
            string[] named = [.. outputs.Where(Columns.ContainsKey)];
            return Part(ref _scorer, GraphNames.Features, named.Length > 0 ? named : outputs);
        }
    }

    /// <summary>
    /// Makes new rows from codes: samples, the way between two rows, and what one unit of the code does. It shares this
    /// model's sessions and ends with it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The model is only an encoder.</exception>
    public AutoencoderGenerator Generator =>
        _generator ??= new(Model, MakePart(GraphNames.Code, [GraphNames.Reconstruction]), ColumnOf);

    /// <summary>
    /// Writes encoder, decoder and scorer as ONNX files for any runtime: all that are asked for, or none where one
    /// cannot be written.
    /// </summary>
    /// <param name="encoderPath">Where the encoder goes, features to code; null for nowhere.</param>
    /// <param name="decoderPath">Where the decoder goes, code to reconstruction; null for nowhere.</param>
    /// <param name="scorerPath">Where the scorer goes, features to score, decision, feature errors, reconstruction and
    /// code; null for nowhere.</param>
    /// <param name="options">In what form they are written; null for opset 17 and the outputs that the model has. What
    /// asks for outputs goes for the scorer.</param>
    /// <exception cref="IOException">A file cannot be written; the message names it, and all files are as they were.</exception>
    /// <exception cref="ArgumentException">No path is given, one is empty, or two are the same; or an option is out of
    /// its range, or asks for outputs of a scorer that is not written.</exception>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder and does not have what is
    /// asked for, or knows too little of its training scores for a probability.</exception>
    public void ExportOnnx(string? encoderPath, string? decoderPath, string? scorerPath, OnnxExportOptions? options = null)
    {
        options ??= new OnnxExportOptions();
        var ofParts = scorerPath is null ? options : options with { Probability = null, PValue = null, TopFeatures = 0 };
        (string? Path, OnnxGraph Graph, OnnxExportOptions Options)[] graphs =
            [(encoderPath, OnnxGraph.Encoder, ofParts), (decoderPath, OnnxGraph.Decoder, ofParts), (scorerPath, OnnxGraph.Scorer, options)];
        (string, byte[])[] files = [.. graphs.Where(graph => graph.Path is not null)
            .Select(graph => (graph.Path!, Model.ToOnnx(graph.Graph, graph.Options)))];
        if (files.Length == 0)
            throw new ArgumentException(
                "No path is given, so there is nothing to write. Give at least one of encoder, decoder and scorer a path.",
                nameof(scorerPath));
        AtomicFile.WriteAll(files);
    }

    /// <summary>Writes one of encoder, decoder and scorer as an ONNX file for any runtime.</summary>
    /// <param name="path">Where it goes. An existing file is replaced.</param>
    /// <param name="graph">Which of them.</param>
    /// <param name="options">In what form; null for opset 17 and the outputs that the model has.</param>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    /// <exception cref="ArgumentException">The path is empty; or an option is out of its range, or asks for an output
    /// that this graph cannot have.</exception>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder and does not have what is
    /// asked for, or knows too little of its training scores for a probability.</exception>
    public void ExportOnnx(string path, OnnxGraph graph = OnnxGraph.Scorer, OnnxExportOptions? options = null) =>
        AtomicFile.WriteAll((path, ToOnnx(graph, options)));

    /// <summary>Encoder, decoder or scorer as the content of an ONNX file for any runtime.</summary>
    /// <param name="graph">Which of them.</param>
    /// <param name="options">In what form; null for opset 17 and the outputs that the model has.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or asks for an output that this graph cannot have.</exception>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder and does not have what is
    /// asked for, or knows too little of its training scores for a probability.</exception>
    public byte[] ToOnnx(OnnxGraph graph, OnnxExportOptions? options = null) => Model.ToOnnx(graph, options);

    /// <summary>
    /// Writes the weights of every layer as a safetensors file that PyTorch reads; see <see cref="TorchWeights"/> for
    /// names and shapes.
    /// </summary>
    /// <param name="path">Where it goes. An existing file is replaced.</param>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    /// <exception cref="InvalidOperationException">The graph keeps its weights in another form than Single.</exception>
    public void ExportTorchWeights(string path) => AtomicFile.WriteAll((path, Model.ToTorchWeights().ToBytes()));

    /// <summary>
    /// The same network with weights of a safetensors file; the present one stays as it is. The old weights' threshold
    /// and scores are none of the new ones': the threshold is +∞, and there is no probability.
    /// </summary>
    /// <param name="path">The file, with just the names and shapes that <see cref="ExportTorchWeights"/> writes; the
    /// tensors of the scaling may be left out.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file breaks a rule of its format, or a tensor is missing, has another
    /// shape or is not expected.</exception>
    public AutoencoderTransformer WithTorchWeights(string path)
    {
        var columns = Columns.Where(pair => pair.Key is not (GraphNames.Probability or GraphNames.PValue))
            .ToDictionary(StringComparer.Ordinal);
        return new AutoencoderTransformer(Context, Model.WithTorchWeights(SafeTensors.ReadFile(path)), columns, _topFeatures,
            ownsModel: true);
    }

    /// <summary>
    /// The same network with weights of a safetensors file, and with threshold, statistics of the scores and
    /// distribution of the codes from some rows; the present one stays as it is.
    /// </summary>
    /// <param name="path">The file, with just the names and shapes that <see cref="ExportTorchWeights"/> writes; the
    /// tensors of the scaling may be left out.</param>
    /// <param name="rows">Rows with the columns that the model reads, such as those that the weights were trained on.</param>
    /// <param name="threshold">How the threshold is chosen from the rows' scores.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file breaks a rule of its format, or a tensor is missing, has another
    /// shape or is not expected.</exception>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder; there are no rows, or one
    /// of them has no score.</exception>
    public AutoencoderTransformer WithTorchWeights(string path, IDataView rows, ThresholdRule threshold)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(threshold);
        var model = Model.WithTorchWeights(SafeTensors.ReadFile(path), changed => Score(Context, changed, Columns, rows), threshold);
        return new AutoencoderTransformer(Context, model, Columns, _topFeatures, ownsModel: true);
    }

    /// <summary>The same fitted model with another threshold; the present one stays as it is. Nothing is trained.</summary>
    /// <param name="rule">How the threshold is chosen from the training scores, which the model keeps.</param>
    /// <exception cref="InvalidOperationException">The rule needs training scores that the model does not have.</exception>
    public AutoencoderTransformer WithThreshold(ThresholdRule rule) =>
        new(Context, Model.WithThreshold(rule), Columns, _topFeatures, ownsModel: true) { History = History };

    /// <summary>The same fitted model with a given threshold; the present one stays as it is.</summary>
    /// <param name="threshold">The score above which a row counts as an anomaly.</param>
    /// <exception cref="ArgumentOutOfRangeException">The threshold is NaN.</exception>
    public AutoencoderTransformer WithThreshold(float threshold) => WithThreshold(ThresholdRule.Fixed(threshold));

    /// <summary>The same fitted model with the threshold that serves best on labeled rows; the present one stays as it is.</summary>
    /// <param name="labeled">Rows with the columns that the model reads, and their labels. Rows without a score are left out.</param>
    /// <param name="labelColumnName">The column with the labels, Boolean (true for an anomaly) or Single (above 0).</param>
    /// <param name="goal">What the threshold is to reach; null for the largest F1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The label column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">All rows have one label.</exception>
    public AutoencoderTransformer WithThreshold(IDataView labeled, string labelColumnName, LabelGoal? goal = null)
    {
        ArgumentNullException.ThrowIfNull(labeled);
        var label = AutoencoderColumns.Find(labeled.Schema, labelColumnName, nameof(labelColumnName));
        bool isNumber = label.Type == NumberDataViewType.Single;
        if (!isNumber && label.Type != BooleanDataViewType.Instance)
            throw new ArgumentOutOfRangeException(nameof(labelColumnName),
                $"The label column '{labelColumnName}' is {label.Type}; expected Boolean or Single.");
        using var scorer = WithOutputs((GraphNames.Score, "__score"));
        var scored = scorer.Transform(labeled);
        bool[] labels = isNumber ? [.. scored.GetColumn<float>(labelColumnName).Select(value => value > 0)]
            : [.. scored.GetColumn<bool>(labelColumnName)];
        float[] scores = [.. scored.GetColumn<float>("__score")];
        int[] known = [.. Enumerable.Range(0, scores.Length).Where(i => float.IsFinite(scores[i]))];
        return WithThreshold(ThresholdRule.FromLabels([.. known.Select(i => scores[i])], [.. known.Select(i => labels[i])], goal));
    }

    /// <summary>
    /// The same fitted model with sessions of its own, on another device, with other threads or batches; the present
    /// one stays as it is.
    /// </summary>
    /// <param name="scoring">The options. Where they name no device, the context's is used.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public AutoencoderTransformer WithScoring(ScoringOptions scoring) =>
        new(Context, ForContext(Context, Model, scoring), Columns, _topFeatures, ownsModel: true) { History = History };

    /// <summary>The features of a row that add most to its score.</summary>
    /// <remarks>
    /// Each call sets up buffers of its own. For many rows use the columns of <see cref="TopFeatures(int, string)"/>.
    /// </remarks>
    /// <param name="features">The row, in raw units.</param>
    /// <param name="count">How many features are wanted, from 1 to as many as there are.</param>
    /// <param name="condition">The row's condition, for a label one-hot; empty where the model has none.</param>
    /// <param name="codeOffset">The row's code offset; empty where the model has none.</param>
    /// <returns>The features, the largest error first; a missing value comes before all others.</returns>
    /// <exception cref="ArgumentException">The row has another number of features than the model, or condition or code
    /// offset another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of its range.</exception>
    public IReadOnlyList<FeatureContribution> TopFeatures(
        ReadOnlySpan<float> features, int count, ReadOnlySpan<float> condition = default, ReadOnlySpan<float> codeOffset = default)
    {
        CheckFeatureCount(count);
        if (features.Length != Metadata.FeatureCount)
            throw new ArgumentException($"The row has {features.Length} features; the model has {Metadata.FeatureCount}.",
                nameof(features));
        CheckSide(nameof(condition), condition.Length, Metadata.ConditionSize);
        CheckSide(nameof(codeOffset), codeOffset.Length, Metadata.CodeOffsetSize);
        using var runner = SingleRow.Run(
            Model, [GraphNames.FeatureErrors, GraphNames.Reconstruction], features, condition, codeOffset);
        var errors = runner.OutputRow<float>(0, 0);
        var expected = runner.OutputRow<float>(1, 0);
        Span<int> places = new int[count];
        MLNetAutoencoder.TopFeatures.Find(errors, places);
        double sum = MLNetAutoencoder.TopFeatures.Sum(errors);
        var contributions = new FeatureContribution[count];
        for (int i = 0; i < count; i++)
        {
            int j = places[i];
            contributions[i] = new FeatureContribution(
                Metadata.FeatureNames[j], features[j], expected[j], errors[j], MLNetAutoencoder.TopFeatures.Share(errors[j], sum));
        }
        return contributions;
    }

    /// <summary>
    /// A transformer that adds, for each row, the features that add most to its score, in four vector columns: names
    /// (text), values and expected values in raw units, and shares of the error (Single). It shares this model's
    /// sessions and ends with it. It cannot be saved: make it again after loading.
    /// </summary>
    /// <param name="count">How many features are wanted, from 1 to as many as there are.</param>
    /// <param name="prefix">What the columns' names start with; they end in Names, Values, Expected and Shares.</param>
    /// <exception cref="ArgumentOutOfRangeException">The count is out of its range.</exception>
    public AutoencoderTransformer TopFeatures(int count, string prefix = "TopFeature")
    {
        CheckFeatureCount(count);
        var columns = Model.Inputs.ToDictionary(name => name, ColumnOf, StringComparer.Ordinal);
        return new AutoencoderTransformer(Context, Model, columns, new TopFeatureColumns(prefix, count, Metadata.FeatureNames),
            ownsModel: false);
    }

    /// <summary>A transformer that gives outputs of the graph in columns of other names. It shares this model's sessions.</summary>
    internal AutoencoderTransformer WithOutputs(params (string Output, string Column)[] outputs)
    {
        var columns = Model.Inputs.ToDictionary(name => name, ColumnOf, StringComparer.Ordinal);
        foreach (var (output, column) in outputs)
            columns[output] = column;
        return new AutoencoderTransformer(Context, Model, columns, topFeatures: null, ownsModel: false);
    }

    private protected override IEnumerable<OutputColumn> OutputsAfter(DataViewSchema input) =>
        AutoencoderColumns.OutputColumns(input, Model, Columns).Concat(_topFeatures?.Columns() ?? []);

    private protected override void Save(ModelSaveContext ctx)
    {
        if (_topFeatures is not null)
            throw new NotSupportedException(
                "The columns of top features cannot be saved: ML.NET has no stock transformer that makes them. Leave them out of what is " +
                "saved, and add them by TopFeatures after loading.");
        base.Save(ctx);
    }

    /// <summary>Scores rows, and tells what their scores and codes look like.</summary>
    /// <param name="context">The context.</param>
    /// <param name="model">The model, a whole autoencoder.</param>
    /// <param name="columns">From names of the graph's inputs to names of columns; others are not looked at.</param>
    /// <param name="rows">The rows.</param>
    internal static RowStatistics Score(MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns,
        IDataView rows)
    {
        if (!model.Inputs.Contains(GraphNames.Features) || !model.Outputs.Contains(GraphNames.Score))
            throw new InvalidOperationException(
                $"The model is only the {model.Metadata.Graph} of an autoencoder, which gives no scores that a threshold could be found " +
                "from.");
        var read = model.Inputs.ToDictionary(name => name, name => columns.GetValueOrDefault(name, AutoencoderColumns.DefaultName(name)),
            StringComparer.Ordinal);
        (read[GraphNames.Score], read[GraphNames.Code]) = (AutoencoderColumns.Score, AutoencoderColumns.Code);
        using var transformer = new AutoencoderTransformer(context, model, read, topFeatures: null, ownsModel: false);
        var scored = transformer.Transform(rows);
        var (scoreColumn, codeColumn) = (scored.Schema[AutoencoderColumns.Score], scored.Schema[AutoencoderColumns.Code]);
        var statistics = new RowStatistics(model.Metadata.CodeSize);
        using var cursor = scored.GetRowCursor([scoreColumn, codeColumn]);
        var getScore = cursor.GetGetter<float>(scoreColumn);
        var getCode = cursor.GetGetter<VBuffer<float>>(codeColumn);
        float score = 0;
        VBuffer<float> code = default;
        while (cursor.MoveNext())
        {
            getScore(ref score);
            getCode(ref code);
            if (!float.IsFinite(score))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"Row {cursor.Position} (counted from 0) has the score {score}, so that no threshold can be found: it has a missing " +
                    $"value, or values that the network cannot take. Leave such rows out, for example with FilterRowsByMissingValues."));
            statistics.AddScore(score);
            statistics.AddCode(code.GetValues());
        }
        return statistics;
    }

    private void CheckFeatureCount(int count)
    {
        if (count < 1 || count > Metadata.FeatureCount)
            throw new ArgumentOutOfRangeException(
                nameof(count), count, FormattableString.Invariant(
                $"{count} top features were asked for; the model has {Metadata.FeatureCount}, expected 1 to {Metadata.FeatureCount}."));
    }

    private static void CheckSide(string name, int found, int expected)
    {
        if (found != expected)
            throw new ArgumentException($"The {name} of the row has {found} values; the model takes {expected}.", name);
    }

    /// <summary>The column of an input or output of the graph, by its usual name where the options name none.</summary>
    internal string ColumnOf(string name) => Columns.GetValueOrDefault(name, AutoencoderColumns.DefaultName(name));

    /// <summary>A part of the model; one that a user has disposed is made again.</summary>
    private AutoencoderTransformer Part(ref AutoencoderTransformer? part, string input, string[] outputs) =>
        part is { IsDisposed: false } ? part : part = MakePart(input, outputs);

    private AutoencoderTransformer MakePart(string input, string[] outputs)
    {
        if (!Model.Inputs.Append(GraphNames.Code).Contains(input) || !outputs.All(Model.Outputs.Contains))
            throw new InvalidOperationException(
                $"The model is only the {Metadata.Graph} of an autoencoder; it has no {string.Join(" and ", outputs)} of {input}.");
        var sides = Model.Inputs.Where(name =>
            name == GraphNames.Condition || (name == GraphNames.CodeOffset && input == GraphNames.Features));
        var columns = outputs.Prepend(input).Concat(sides).ToDictionary(name => name, ColumnOf, StringComparer.Ordinal);
        return new AutoencoderTransformer(Context, Model, columns, topFeatures: null, ownsModel: false);
    }
}
