using Google.Protobuf;

namespace MLNetAutoencoder.Onnx;

/// <summary>A graph of this library with its metadata, ready to be run under ONNX Runtime.</summary>
/// <remarks>
/// Safe for use by several threads. ONNX Runtime runs every node of a graph whatever outputs are asked for; so there is one session
/// for each set of asked-for outputs, over the graph cut to these, made when it is first needed, and a second one where
/// missing values turn up.
/// </remarks>
public sealed class AutoencoderModel : IDisposable
{
    private readonly ModelProto _model;
    private readonly string? _source;
    private readonly Lazy<ModelProto> _runnable;
    private readonly SessionPool _sessions;
    private readonly Dictionary<string, int> _widths;
    private readonly ScoringOptions _scoring = new();

    /// <summary>Reads a graph.</summary>
    /// <param name="bytes">The content of an ONNX file that this library wrote: a scorer, an encoder or a decoder. They are
    /// copied.</param>
    /// <param name="source">Where the bytes came from, for messages, such as <c>The file 'scorer.onnx'</c>.</param>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, not one of this library, of a newer major
    /// format version, contradict themselves or their metadata, or have nodes that are not run from files.</exception>
    public AutoencoderModel(byte[] bytes, string source)
        : this(OnnxFile.Parse(bytes ?? throw new ArgumentNullException(nameof(bytes)), source, onlyKnown: true), source)
    {
    }

    private AutoencoderModel(ModelProto model, string source)
    {
        (_model, _source) = (model, source);

        // A file for a fixed number of rows differs from others in the shape of its border only.
        OnnxFile.FreeBatch(model);
        Metadata = AutoencoderMetadata.Read(OnnxFile.GetMetadata(model), source);
        if (Metadata.Graph == AutoencoderMetadata.Pipeline)
            throw new InvalidDataException(
                $"{source} is a whole pipeline from raw columns ({string.Join(", ", model.Graph.Input.Select(value => value.Name))}), " +
                "which an ONNX runtime runs as it is; expected a scorer, an encoder or a decoder. Open the model file that was saved " +
                "with the pipeline.");
        ContractCheck.Check(model, GraphCheck.Check(model, source), Metadata, source);
        _widths = WidthsOf(model);
        _runnable = new Lazy<ModelProto>(() => WeightFolding.Fold(model));
        _sessions = new SessionPool(this, _runnable, source);
    }

    /// <summary>
    /// A graph that this library has made in this process, with its metadata: it is neither parsed nor checked, and its
    /// weights are not copied.
    /// </summary>
    /// <param name="model">The graph.</param>
    /// <param name="origin">Where the graph came from that this one was made of; null for this process. What is from
    /// outside is tried when a session is made.</param>
    internal AutoencoderModel(ModelProto model, AutoencoderModel? origin = null)
    {
        (_model, _source, _widths) = (model, origin?._source, WidthsOf(model));
        Metadata = AutoencoderMetadata.Read(OnnxFile.GetMetadata(model), "The graph");
        _runnable = new Lazy<ModelProto>(() => WeightFolding.Fold(model));
        _sessions = new SessionPool(this, _runnable, _source);
    }

    private AutoencoderModel(AutoencoderModel other, ScoringOptions scoring, Action<string>? warn)
    {
        (_model, _source, _runnable, _widths, Metadata) = (other._model, other._source, other._runnable, other._widths, other.Metadata);
        (Scoring, Warn) = (scoring, warn);
        _sessions = new SessionPool(this, _runnable, _source);
    }

    /// <summary>What the graph says of itself.</summary>
    public AutoencoderMetadata Metadata { get; }

    /// <summary>Device, threads and batches. The default is the CPU with all cores.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public ScoringOptions Scoring
    {
        get => _scoring;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            value.Validate();
            _scoring = value;
        }
    }

    /// <summary>Is told once, in a sentence, why the model runs on the CPU although a CUDA device was asked for.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>The graph as it was read, for the other packages of this library; it is not changed.</summary>
    internal ModelProto Proto => _model;

    /// <summary>The names of the graph's inputs.</summary>
    public IReadOnlyList<string> Inputs => _model.Graph.Input.Select(value => value.Name).ToArray();

    /// <summary>The names of the graph's outputs.</summary>
    public IReadOnlyList<string> Outputs => _model.Graph.Output.Select(value => value.Name).ToArray();

    /// <summary>The length of the second axis of an input or output.</summary>
    /// <param name="name">One of <see cref="Inputs"/> or <see cref="Outputs"/>.</param>
    /// <exception cref="ArgumentException">The graph has no such input or output.</exception>
    public int Width(string name) => _widths.TryGetValue(name, out int width)
        ? width
        : throw new ArgumentException(
            $"The {Metadata.Graph} graph has no input or output '{name}'; it has {string.Join(", ", _widths.Keys)}.", nameof(name));

    /// <summary>The same graph with sessions of its own, on another device or with other threads.</summary>
    /// <param name="scoring">Device, threads and batches.</param>
    /// <param name="warn">Is told once why the model runs on the CPU although a CUDA device was asked for.</param>
    public AutoencoderModel WithScoring(ScoringOptions scoring, Action<string>? warn = null) => new(this, scoring, warn);

    /// <summary>The bytes of the whole graph, as an ONNX file.</summary>
    public byte[] ToBytes() => _model.ToByteArray();

    /// <summary>
    /// One of the model's graphs as an ONNX file: the encoder, features (and condition and code offset) to code; the
    /// decoder, code (and condition) to reconstruction; or the scorer or classifier, which is the whole.
    /// </summary>
    /// <param name="graph">Which of them.</param>
    /// <param name="options">In what form; null for opset 17 and the outputs that the model has.</param>
    /// <exception cref="InvalidOperationException">The model is only an encoder or a decoder and does not have what is
    /// asked for, or knows too little of its training scores for a probability.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="ArgumentException">An option asks for an output that this graph cannot have.</exception>
    /// <exception cref="NotSupportedException">The model has an operator whose form in the wanted opset is not known.</exception>
    public byte[] ToOnnx(OnnxGraph graph, OnnxExportOptions? options = null)
    {
        if (!Enum.IsDefined(graph))
            throw new ArgumentOutOfRangeException(
                nameof(graph), graph, $"The graph is {graph}; expected one of {string.Join(", ", Enum.GetNames<OnnxGraph>())}.");
        options ??= new OnnxExportOptions();
        options.Validate(Metadata, graph);
        var model = graph switch
        {
            OnnxGraph.Encoder => CutTo("encoder", [GraphNames.Features, .. Sides(GraphNames.Condition, GraphNames.CodeOffset)],
                [GraphNames.Code, .. Outputs.Where(name => name == GraphNames.CodeLogVariance)]),
            OnnxGraph.Decoder => CutTo("decoder", [GraphNames.Code, .. Sides(GraphNames.Condition)], [GraphNames.Reconstruction]),
            OnnxGraph.Classifier => Whole("classifier", GraphNames.ClassProbabilities),
            _ => OptionalOutputs.Set(Whole("scorer", GraphNames.Score), Metadata, new OptionalScores(options.Probability, options.PValue),
                options.TopFeatures),
        };
        if (!options.MissingValueNodes && MissingValueGraph.IsIn(model))
            model = WithoutMissingValues(model);
        if (!OpsetForms.IsIn(model, options.Opset))
            model = OpsetForms.Convert(model, options.Opset);
        if (options.BatchSize is { } batch)
        {
            model = model.Clone();
            OnnxFile.FixBatch(model, batch, Metadata.ScoreSamples);
        }
        return model.ToByteArray();
    }

    /// <summary>
    /// The graph cut to some inputs and outputs, with border names of the caller's, as an ONNX file with the same
    /// metadata, for ML.NET's OnnxTransformer. That knows no 16-bit floating point: weights of this type are written as
    /// the 32-bit numbers that they are run as.
    /// </summary>
    /// <param name="inputs">Inputs, or outputs at which to cut.</param>
    /// <param name="outputs">The outputs to keep.</param>
    /// <param name="rename">Gives each input and output its name in the file.</param>
    internal byte[] CutAndRename(IReadOnlyCollection<string> inputs, IReadOnlyCollection<string> outputs, Func<string, string> rename)
    {
        bool isHalf = Metadata.Quantization == QuantizationName.Of(OnnxQuantization.Float16);
        var cut = OnnxFile.Cut(isHalf ? _runnable.Value : _model, inputs, outputs);
        OnnxFile.SetMetadata(cut, (Metadata with
        {
            Graph = KindOf(cut), Quantization = isHalf ? QuantizationName.None : Metadata.Quantization,
            Layers = NetworkLayer.Of(cut.Graph, Metadata.Layers),
        }).ToDictionary());
        return OnnxFile.RenameBorder(cut, rename).ToByteArray();
    }

    /// <summary>
    /// Gives the inputs and outputs of a graph of this library their own names back: the inverse of
    /// <see cref="CutAndRename"/>.
    /// </summary>
    /// <param name="bytes">The content of an ONNX file.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <param name="rename">Gives the name in the contract for a name in the file, or null for a name that
    /// <see cref="CutAndRename"/> did not give.</param>
    /// <returns>The bytes of the graph, or null where it is not one of this library with such names; then it has been
    /// checked as a file of any origin is.</returns>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, or one of another origin that contradicts itself.</exception>
    internal static byte[]? RestoreNames(byte[] bytes, string source, Func<string, string?> rename)
    {
        var model = OnnxFile.Parse(bytes, source);
        if (AutoencoderMetadata.IsAutoencoder(OnnxFile.GetMetadata(model))
            && model.Graph.Input.Concat(model.Graph.Output).All(value => rename(value.Name) is not null))
            return OnnxFile.RenameBorder(model, name => rename(name)!).ToByteArray();
        GraphCheck.Structure(model, source);
        return null;
    }

    /// <summary>The same model with another threshold.</summary>
    /// <param name="rule">How it is chosen from the training scores, which the metadata keep.</param>
    public AutoencoderModel WithThreshold(ThresholdRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return WithMetadata(rule.AddTo(Metadata));
    }

    /// <summary>
    /// The same model with other metadata; threshold and probability in the graph follow the metadata's, and without
    /// quantiles of scores there is no probability.
    /// </summary>
    /// <param name="metadata">The metadata that the new model gets. Sizes, scaling and missing-value policy must be
    /// those of the graph.</param>
    public AutoencoderModel WithMetadata(AutoencoderMetadata metadata) => WithMetadata(metadata, default);

    /// <summary>The same, with or without the probability; null for as it is, as far as there are quantiles.</summary>
    internal AutoencoderModel WithMetadata(AutoencoderMetadata metadata, OptionalScores scores)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return With(_model.Clone(), metadata, scores);
    }

    /// <summary>
    /// The weights and biases of every dense and convolutional layer, with PyTorch's shapes, and in the metadata the
    /// layers in their order: see <see cref="TorchWeights"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The graph is a classifier's, or keeps its weights in another form
    /// than Single.</exception>
    internal SafeTensors ToTorchWeights() => TorchWeights.Of(_model, Metadata);

    /// <summary>
    /// The same layers with other weights. Threshold, statistics of the scores and distribution of the codes were those
    /// of the old ones: the new model has none, a threshold of +∞ and no probability.
    /// </summary>
    /// <param name="weights">The weights, with just the names and shapes of <see cref="ToTorchWeights"/>; the tensors
    /// of the scaling may be left out.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, has another shape or is not expected, or the file
    /// names other layers.</exception>
    /// <exception cref="InvalidOperationException">The graph is a classifier's, or keeps its weights in another form
    /// than Single.</exception>
    internal AutoencoderModel WithTorchWeights(SafeTensors weights)
    {
        var model = _model.Clone();
        return With(model, RowStatistics.RemoveFrom(TorchWeights.Replace(model, Metadata, weights)));
    }

    /// <summary>
    /// The same layers with other weights, and with threshold, statistics of the scores and distribution of the codes
    /// from some rows.
    /// </summary>
    /// <param name="weights">The weights, with just the names and shapes of <see cref="ToTorchWeights"/>; the tensors
    /// of the scaling may be left out.</param>
    /// <param name="score">Scores the rows by the model that it is given, which has the new weights.</param>
    /// <param name="threshold">How the threshold is chosen from the rows' scores.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, has another shape or is not expected, or the file
    /// names other layers.</exception>
    /// <exception cref="InvalidOperationException">The graph is a classifier's, or keeps its weights in another form
    /// than Single; or there are no rows.</exception>
    internal AutoencoderModel WithTorchWeights(SafeTensors weights, Func<AutoencoderModel, RowStatistics> score, ThresholdRule threshold)
    {
        var model = _model.Clone();
        var metadata = TorchWeights.Replace(model, Metadata, weights);
        using var unscored = With(model.Clone(), RowStatistics.RemoveFrom(metadata));
        return With(model, score(unscored).AddTo(metadata, threshold));
    }

    /// <summary>The same graph with smaller weights, as an ONNX file. Threshold and training statistics stay as they are.</summary>
    /// <param name="form">How the weights are stored and calculated with.</param>
    /// <param name="ranges">What calibration rows came to, from <see cref="CreateActivationRanges"/>; needed for
    /// <see cref="OnnxQuantization.StaticInt8"/> only.</param>
    /// <exception cref="InvalidOperationException">The graph is quantized already, or of an opset that lacks what the
    /// form needs.</exception>
    internal byte[] QuantizedBytes(OnnxQuantization form, ActivationRanges? ranges = null)
    {
        if (Metadata.Quantization != QuantizationName.None)
            throw new InvalidOperationException(
                $"The graph is quantized already ('{Metadata.Quantization}'); quantize the one that it was made from.");
        if (form == OnnxQuantization.StaticInt8 && ranges is not { Rows: > 0 })
            throw new ArgumentException($"{form} needs the ranges of calibration rows, and there are none.", nameof(ranges));
        string name = QuantizationName.Of(form);
        var quantized = QuantizedGraph.Write(_model, Metadata.Layers, form, ranges?.Find());
        OnnxFile.SetMetadata(quantized, (Metadata with { Quantization = name }).ToDictionary());
        return quantized.ToByteArray();
    }

    /// <summary>
    /// Makes what calibration rows are given to, so that <see cref="QuantizedBytes"/> knows what the layers' inputs
    /// range over.
    /// </summary>
    internal ActivationRanges CreateActivationRanges(int capacity)
    {
        BatchRunner.CheckCapacity(capacity, RowBytes(Inputs));
        OnnxRuntimeLibrary.Require();
        return new ActivationRanges(_model, Metadata.Layers, [.. Inputs.Select(name => (name, Width(name)))], capacity);
    }

    /// <summary>Makes a runner for some of the graph's outputs. It belongs to one thread at a time; the model may make many.</summary>
    /// <param name="inputs">The inputs that the caller will fill.</param>
    /// <param name="outputs">The outputs that the caller will read; only what these take is computed.</param>
    /// <param name="capacity">The most rows that one run takes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is less than 1, or the buffers would take more than 1 GiB.</exception>
    /// <exception cref="InvalidDataException">ONNX Runtime refuses the graph; or of three rows that are tried, one gets another
    /// result alone than beside the others.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime's native library is missing, or the device that the
    /// options name cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public BatchRunner CreateRunner(IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, int capacity)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        if (outputs.Count == 0)
            throw new ArgumentException(
                $"No output of the {Metadata.Graph} graph is named; name at least one of {string.Join(", ", Outputs)}.", nameof(outputs));
        BatchRunner.CheckCapacity(capacity, RowBytes(inputs.Concat(outputs)));
        _sessions.Lease();
        try
        {
            _sessions.Session(inputs, outputs, missing: false);
            return new BatchRunner(this, _sessions, missing => _sessions.Session(inputs, outputs, missing),
                [.. inputs.Select(name => (name, Width(name)))],
                    [.. outputs.Select(name => (name, Width(name), ElementType(name)))], capacity);
        }
        catch
        {
            _sessions.EndLease();
            throw;
        }
    }

    /// <summary>
    /// Releases the native sessions, at once or, where runners still use them, with the last of these. Safe to call
    /// twice; a run afterwards is an <see cref="ObjectDisposedException"/>.
    /// </summary>
    public void Dispose() => _sessions.Dispose();

    /// <summary>The memory that a row of some inputs and outputs takes in the buffers of a runner.</summary>
    internal long RowBytes(IEnumerable<string> names) => sizeof(float) * names.Sum(name => (long)Width(name));

    /// <summary>The weights that the sessions share; null before there is a session.</summary>
    internal SharedWeights? Weights => _sessions.Weights;

    /// <summary>A model over a changed graph, in which threshold and probability are those of the metadata.</summary>
    private AutoencoderModel With(ModelProto model, AutoencoderMetadata metadata, OptionalScores scores = default)
    {
        if (model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == ScorerGraph.ThresholdName) is { } threshold)
            threshold.SetSingles([metadata.Threshold]);
        bool knowsScores = metadata.ScoreQuantiles.Count > 0;
        OptionalScores has = new(Outputs.Contains(GraphNames.Probability), Outputs.Contains(GraphNames.PValue));
        OptionalScores wants = new(scores.Probability ?? (has.Probability!.Value && knowsScores),
            scores.PValue ?? (has.PValue!.Value && knowsScores));
        bool isOfOthers = !(metadata.ScoreQuantiles.SequenceEqual(Metadata.ScoreQuantiles)
            && metadata.LargestScores.SequenceEqual(Metadata.LargestScores));
        if (wants != has || (isOfOthers && has != new OptionalScores(false, false)))
        {
            // Made anew, since they are made of the scores.
            int topFeatures = Outputs.Contains(GraphNames.TopFeatureIndices) ? Width(GraphNames.TopFeatureIndices) : 0;
            model = OptionalOutputs.Set(model, metadata, new OptionalScores(false, false), topFeatures);
            model = OptionalOutputs.Set(model, metadata, wants, topFeatures);
            metadata = metadata with
            {
                Columns = metadata.Columns.Where(pair => (pair.Key != GraphNames.Probability || wants.Probability!.Value)
                    && (pair.Key != GraphNames.PValue || wants.PValue!.Value)).ToDictionary(StringComparer.Ordinal),
            };
        }
        OnnxFile.SetMetadata(model, (metadata with { Layers = Metadata.Layers }).ToDictionary());
        return new AutoencoderModel(model, origin: this) { Scoring = Scoring, Warn = Warn };
    }

    private ModelProto Whole(string graph, string output) => Outputs.Contains(output) ? _model : throw Lacks(graph);

    private InvalidOperationException Lacks(string graph) =>
        new($"The model is only the {Metadata.Graph} of an autoencoder ({string.Join(", ", Inputs)} to {string.Join(", ", Outputs)}); " +
            $"its {graph} cannot be had from it.");

    private static ModelProto WithoutMissingValues(ModelProto model)
    {
        var result = MissingValueGraph.Remove(model);
        OnnxFile.SetMetadata(
            result, (AutoencoderMetadata.Read(OnnxFile.GetMetadata(model), "The graph") with { MissingValues = MissingValuePolicy.Error })
            .ToDictionary());
        return result;
    }

    private ModelProto CutTo(string graph, string[] inputs, string[] outputs)
    {
        if (!inputs.Concat(outputs).All(_widths.ContainsKey))
            throw Lacks(graph);
        var cut = OnnxFile.Cut(_model, inputs, outputs);
        OnnxFile.SetMetadata(
            cut, (Metadata with { Graph = graph, Layers = NetworkLayer.Of(cut.Graph, Metadata.Layers) }).ToDictionary());
        cut.DocString =
            $"{char.ToUpperInvariant(graph[0])}{graph[1..]} of a {Metadata.Variant} autoencoder: {Metadata.FeatureCount} features, a " +
            $"code of {Metadata.CodeSize} units.";
        return cut;
    }

    /// <summary>Those of some inputs that the graph has.</summary>
    private IEnumerable<string> Sides(params string[] names) => names.Where(Inputs.Contains);

    private static string KindOf(ModelProto model)
    {
        if (model.Graph.Output.Any(value => value.Name == GraphNames.ClassProbabilities))
            return "classifier";
        if (model.Graph.Output.Any(value => value.Name == GraphNames.Score))
            return "scorer";
        return model.Graph.Input.Any(value => value.Name == GraphNames.Features) ? "encoder" : "decoder";
    }

    private static Dictionary<string, int> WidthsOf(ModelProto model) => model.Graph.Input.Concat(model.Graph.Output)
        .ToDictionary(value => value.Name, OnnxFile.WidthOf, StringComparer.Ordinal);

    private int ElementType(string output) =>
        _model.Graph.Output.First(value => value.Name == output).Type.TensorType.ElemType;
}
