using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx.Graphs;

namespace MLNetAutoencoder.Onnx;

/// <summary>A graph of this library with its metadata, ready to be run under ONNX Runtime.</summary>
/// <remarks>
/// Safe for use by several threads. ONNX Runtime runs every node of a graph whatever outputs are asked for; so there is one session
/// for each set of asked-for outputs, over the graph cut to these, made when it is first needed, and a second one where missing values turn up.
/// </remarks>
public sealed class AutoencoderModel : IDisposable
{
    private readonly ModelProto _model;
    private readonly byte[] _bytes;
    private readonly Dictionary<(string Border, bool Missing), InferenceSession> _sessions = [];
    private readonly Dictionary<string, int> _widths;
    private readonly ScoringOptions _scoring = new();
    private SharedWeights? _weights;
    private volatile bool _disposed;
    private int _leases;
    private bool _warned;

    /// <summary>Reads a graph.</summary>
    /// <param name="bytes">The content of an ONNX file that this library wrote: a scorer, an encoder or a decoder.</param>
    /// <param name="source">Where the bytes came from, for messages, such as <c>The file 'scorer.onnx'</c>.</param>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model, not one of this library, of a newer major format version, contradict themselves or their metadata, or ask for more than a graph of this library may.</exception>
    public AutoencoderModel(byte[] bytes, string source)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _model = OnnxFile.Parse(bytes, source, onlyKnown: true);
        _bytes = bytes;
        Metadata = AutoencoderMetadata.Read(OnnxFile.GetMetadata(_model), source);
        var values = GraphCheck.OfOurs(_model, bytes.Length, source);
        ContractCheck.Check(_model.Graph, values, Metadata, source);
        _widths = _model.Graph.Input.Concat(_model.Graph.Output).ToDictionary(value => value.Name, OnnxFile.WidthOf, StringComparer.Ordinal);
    }

    private AutoencoderModel(AutoencoderModel other, ScoringOptions scoring, Action<string>? warn)
    {
        (_model, _bytes, _widths, Metadata) = (other._model, other._bytes, other._widths, other.Metadata);
        (Scoring, Warn) = (scoring, warn);
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

    /// <summary>The names of the graph's inputs.</summary>
    public IReadOnlyList<string> Inputs => _model.Graph.Input.Select(value => value.Name).ToArray();

    /// <summary>The names of the graph's outputs.</summary>
    public IReadOnlyList<string> Outputs => _model.Graph.Output.Select(value => value.Name).ToArray();

    /// <summary>The length of the second axis of an input or output.</summary>
    /// <param name="name">One of <see cref="Inputs"/> or <see cref="Outputs"/>.</param>
    /// <exception cref="ArgumentException">The graph has no such input or output.</exception>
    public int Width(string name) => _widths.TryGetValue(name, out int width)
        ? width
        : throw new ArgumentException($"The {Metadata.Graph} graph has no input or output '{name}'; it has {string.Join(", ", _widths.Keys)}.", nameof(name));

    /// <summary>The same graph with sessions of its own, on another device or with other threads.</summary>
    /// <param name="scoring">Device, threads and batches.</param>
    /// <param name="warn">Is told once why the model runs on the CPU although a CUDA device was asked for.</param>
    public AutoencoderModel WithScoring(ScoringOptions scoring, Action<string>? warn = null) => new(this, scoring, warn);

    /// <summary>The bytes of the whole graph, as an ONNX file.</summary>
    public byte[] ToBytes() => (byte[])_bytes.Clone();

    /// <summary>The encoder alone, features (and condition and code offset) to code, as an ONNX file.</summary>
    /// <exception cref="InvalidOperationException">The graph is only a decoder.</exception>
    public byte[] EncoderBytes() => CutTo("encoder", [GraphNames.Features, .. Sides(GraphNames.Condition, GraphNames.CodeOffset)], [GraphNames.Code, .. Outputs.Where(name => name == GraphNames.CodeLogVariance)]);

    /// <summary>The decoder alone, code (and condition) to reconstruction, as an ONNX file: the scorer cut at the code.</summary>
    /// <exception cref="InvalidOperationException">The graph is only an encoder.</exception>
    public byte[] DecoderBytes() => CutTo("decoder", [GraphNames.Code, .. Sides(GraphNames.Condition)], [GraphNames.Reconstruction]);

    /// <summary>The scorer, features to everything, as an ONNX file.</summary>
    /// <exception cref="InvalidOperationException">The graph is only an encoder or a decoder.</exception>
    public byte[] ScorerBytes() => Outputs.Contains(GraphNames.Score)
        ? ToBytes()
        : throw new InvalidOperationException($"The model is only the {Metadata.Graph} of an autoencoder ({string.Join(", ", Inputs)} to {string.Join(", ", Outputs)}); its scorer cannot be had from it.");

    /// <summary>The graph cut to some inputs and outputs, with border names of the caller's, as an ONNX file with the same metadata.</summary>
    /// <param name="inputs">Inputs, or outputs at which to cut.</param>
    /// <param name="outputs">The outputs to keep.</param>
    /// <param name="rename">Gives each input and output its name in the file.</param>
    public byte[] CutAndRename(IReadOnlyCollection<string> inputs, IReadOnlyCollection<string> outputs, Func<string, string> rename)
    {
        ArgumentNullException.ThrowIfNull(rename);
        var cut = OnnxFile.Cut(_model, inputs, outputs);
        OnnxFile.SetMetadata(cut, (Metadata with { Graph = KindOf(cut) }).ToDictionary());
        return OnnxFile.RenameBorder(cut, rename).ToByteArray();
    }

    /// <summary>Reads a graph of this library whose inputs and outputs have other names, and gives them their own back: the inverse of <see cref="CutAndRename"/>.</summary>
    /// <param name="bytes">The content of an ONNX file.</param>
    /// <param name="rename">Gives the name in the contract for a name in the file, or null for a name that <see cref="CutAndRename"/> did not give.</param>
    /// <returns>The model, or null where the bytes are not a graph of this library with such names; then they have been checked as a file of any origin is.</returns>
    /// <exception cref="InvalidDataException">The bytes are no ONNX model or contradict themselves, or it is a graph of this library that cannot be read.</exception>
    public static AutoencoderModel? TryReadRenamed(byte[] bytes, Func<string, string?> rename)
    {
        ArgumentNullException.ThrowIfNull(rename);
        const string source = "The graph in the model";
        var model = OnnxFile.Parse(bytes, source);
        if (AutoencoderMetadata.IsAutoencoder(OnnxFile.GetMetadata(model)) && model.Graph.Input.Concat(model.Graph.Output).All(value => rename(value.Name) is not null))
            return new AutoencoderModel(OnnxFile.RenameBorder(model, name => rename(name)!).ToByteArray(), source);
        GraphCheck.Structural(model, bytes.Length, source);
        return null;
    }

    /// <summary>The same model with another threshold.</summary>
    /// <param name="rule">How it is chosen from the training scores, which the metadata keep.</param>
    public AutoencoderModel WithThreshold(ThresholdRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return WithMetadata(Metadata with { Threshold = rule.Compute(Metadata), ThresholdRule = rule.ToString() });
    }

    /// <summary>The same model with other metadata; the threshold in the graph follows the metadata's.</summary>
    /// <param name="metadata">The metadata that the new model gets. Sizes, scaling and missing-value policy must be those of the graph.</param>
    public AutoencoderModel WithMetadata(AutoencoderMetadata metadata)
    {
        var model = _model.Clone();
        OnnxFile.SetMetadata(model, metadata.ToDictionary());
        var threshold = model.Graph.Initializer.FirstOrDefault(tensor => tensor.Name == ScorerGraph.ThresholdName);
        if (threshold is not null)
        {
            byte[] bytes = new byte[sizeof(float)];
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes, metadata.Threshold);
            threshold.RawData = ByteString.CopyFrom(bytes);
        }
        return new AutoencoderModel(model.ToByteArray(), "The graph") { Scoring = Scoring, Warn = Warn };
    }

    /// <summary>Makes a runner for some of the graph's outputs. It belongs to one thread at a time; the model may make many.</summary>
    /// <param name="inputs">The inputs that the caller will fill.</param>
    /// <param name="outputs">The outputs that the caller will read; only what these take is computed.</param>
    /// <param name="capacity">The most rows that one run takes.</param>
    /// <exception cref="InvalidDataException">ONNX Runtime refuses the graph.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime's native library is missing, or the device that the options name cannot be used.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public BatchRunner CreateRunner(IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, int capacity)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        if (outputs.Count == 0)
            throw new ArgumentException($"No output of the {Metadata.Graph} graph is named; name at least one of {string.Join(", ", Outputs)}.", nameof(outputs));
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Lease();
        try
        {
            Session(inputs, outputs, missing: false);
            return new BatchRunner(this, missing => Session(inputs, outputs, missing), [.. inputs.Select(name => (name, Width(name)))], [.. outputs.Select(name => (name, Width(name), ElementType(name)))], capacity);
        }
        catch
        {
            EndLease();
            throw;
        }
    }

    /// <summary>Releases the native sessions, at once or, where runners still use them, with the last of these. Safe to call twice; a run afterwards is an <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        lock (_sessions)
        {
            _disposed = true;
            ReleaseIfUnused();
        }
    }

    /// <summary>Gives a runner's session back.</summary>
    internal void EndLease()
    {
        lock (_sessions)
        {
            _leases--;
            ReleaseIfUnused();
        }
    }

    /// <summary>The weights that the sessions share; null before there is a session.</summary>
    internal SharedWeights? Weights => _weights;

    /// <summary>Throws where the model has been disposed.</summary>
    internal void ThrowIfDisposed()
    {
        if (_disposed)
            throw new ObjectDisposedException(nameof(AutoencoderModel), "The model has been disposed, and with it its ONNX Runtime sessions; it can neither score nor make cursors any more.");
    }

    /// <summary>Keeps the sessions until <see cref="EndLease"/>.</summary>
    private void Lease()
    {
        lock (_sessions)
        {
            ThrowIfDisposed();
            _leases++;
        }
    }

    /// <summary>The session for some inputs and outputs, opened when it is first wanted; to be called under a lease.</summary>
    private InferenceSession Session(IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, bool missing)
    {
        string key = string.Join(',', inputs) + ">" + string.Join(',', outputs.Order(StringComparer.Ordinal));
        lock (_sessions)
        {
            if (_sessions.TryGetValue((key, missing), out var session))
                return session;
            var cut = OnnxFile.Cut(_model, inputs, outputs);
            session = MissingValueGraph.IsIn(cut)
                ? OpenSession(missing ? cut : MissingValueGraph.Remove(cut))
                : _sessions.TryGetValue((key, !missing), out var other) ? other : OpenSession(cut);
            _sessions.Add((key, missing), session);
            return session;
        }
    }

    private void ReleaseIfUnused()
    {
        if (!_disposed || _leases > 0)
            return;
        foreach (var session in _sessions.Values.Distinct())
            session.Dispose();
        _sessions.Clear();
        _weights?.Dispose();
        _weights = null;
    }

    private InferenceSession OpenSession(ModelProto cut)
    {
        OnnxRuntimeLibrary.Require();
        _weights ??= new SharedWeights(_model.Graph);
        return OnnxRuntimeLibrary.OpenSession(cut.ToByteArray(), Scoring, options => _weights.AddTo(options, cut.Graph), WarnOnce, _weights.Prepacked);
    }

    private void WarnOnce(string message)
    {
        if (_warned)
            return;
        _warned = true;
        Warn?.Invoke(message);
    }

    private byte[] CutTo(string graph, string[] inputs, string[] outputs)
    {
        if (!inputs.Concat(outputs).All(_widths.ContainsKey))
            throw new InvalidOperationException($"The model is only the {Metadata.Graph} of an autoencoder ({string.Join(", ", Inputs)} to {string.Join(", ", Outputs)}); its {graph} cannot be had from it.");
        var cut = OnnxFile.Cut(_model, inputs, outputs);
        OnnxFile.SetMetadata(cut, (Metadata with { Graph = graph }).ToDictionary());
        cut.DocString = $"{char.ToUpperInvariant(graph[0])}{graph[1..]} of a {Metadata.Variant} autoencoder: {Metadata.FeatureCount} features, a code of {Metadata.CodeSize} units.";
        return cut.ToByteArray();
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

    private OnnxElementType ElementType(string output) =>
        (OnnxElementType)_model.Graph.Output.First(value => value.Name == output).Type.TensorType.ElemType;
}
