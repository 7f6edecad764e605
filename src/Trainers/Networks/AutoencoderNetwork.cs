using MLNetAutoencoder.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What the encoder makes of a batch.</summary>
/// <param name="Mean">The code before noise, sampling and offset, [batch, k].</param>
/// <param name="LogVariance">The logarithm of its variance where it has one, [batch, k].</param>
/// <param name="Code">What the decoder gets, [batch, k].</param>
internal readonly record struct EncodedBatch(Tensor Mean, Tensor? LogVariance, Tensor Code);

/// <summary>Encoder and decoder over scaled rows.</summary>
internal sealed class AutoencoderNetwork : NetworkModule
{
    private readonly CodeOptions _options;

    /// <param name="options">The code's options.</param>
    /// <param name="trunk">The encoder's layers before the code.</param>
    /// <param name="code">The code, or the mean of its distribution.</param>
    /// <param name="logVariance">The logarithm of the code's variance, or null.</param>
    /// <param name="offset">What makes an addend of the code of its offset column, or null.</param>
    /// <param name="decoder">The decoder.</param>
    /// <param name="isMasked">Whether the encoder takes beside the features which of them it may see.</param>
    public AutoencoderNetwork(CodeOptions options, NetworkPart trunk, CodeLayer code, DenseLayer? logVariance, DenseStack? offset,
        NetworkPart decoder, bool isMasked = false)
        : base("autoencoder")
    {
        (_options, IsMasked) = (options, isMasked);
        Trunk = AddPart("encoder", trunk);
        CodeLayer = AddPart("code", code);
        LogVariance = logVariance is null ? null : AddPart("code_log_variance", logVariance);
        Offset = offset is null ? null : AddPart("offset", offset);
        Decoder = AddPart("decoder", decoder);
        if (options.Variational is { LearnVariance: true } variational)
            LikelihoodLogVariance = AddParameter(
                "likelihood_log_variance", tensor([(float)Math.Log(variational.Variance)], dtype: ScalarType.Float32, device: Device));
    }

    /// <summary>Whether the encoder takes beside the features which of them it may see.</summary>
    public bool IsMasked { get; }

    public NetworkPart Trunk { get; }

    public CodeLayer CodeLayer { get; }

    public DenseLayer? LogVariance { get; }

    public DenseStack? Offset { get; }

    public NetworkPart Decoder { get; }

    /// <summary>The logarithm of the variance of the Gaussian likelihood, [1], where it is learned.</summary>
    public Parameter? LikelihoodLogVariance { get; }

    /// <summary>Where the network is.</summary>
    public Device Device => CodeLayer.Units.Bias.device;

    /// <summary>The number of weights and biases.</summary>
    public long ParameterCount => parameters().Sum(parameter => parameter.numel());

    /// <summary>Runs the encoder.</summary>
    /// <param name="rows">Scaled features, [b, d].</param>
    /// <param name="condition">[b, c], or null.</param>
    /// <param name="offset">[b, m], or null.</param>
    /// <param name="pass">How it is run.</param>
    /// <param name="visible">Of a masked network, 1 for the features that it sees, [b, d]; null for all.</param>
    public EncodedBatch Encode(Tensor rows, Tensor? condition, Tensor? offset, Pass pass, Tensor? visible = null)
    {
        if (IsMasked)
            rows = cat([visible is null ? rows : rows * visible, visible ?? ones_like(rows)], 1);
        var last = Trunk.Forward(rows, condition, pass);
        var mean = CodeLayer.Forward(last, null, pass);
        var logVariance = LogVariance?.Forward(last, null, pass);
        var code = mean;
        if (pass.IsTraining && logVariance is not null)
            code = mean.Plus(logVariance.Times(0.5).exp() * Normal(mean, pass));
        else if (pass.IsTraining && _options.NoiseDeviation > 0)
            code = mean.Plus(Normal(mean, pass).Times(_options.NoiseDeviation));
        if (offset is not null)
            code = code.Plus(Offset?.Forward(offset, null, pass) ?? offset);
        return new EncodedBatch(mean, logVariance, code);
    }

    public Tensor Decode(Tensor codes, Tensor? condition, Pass pass) => Decoder.Forward(codes, condition, pass);

    public Tensor Forward(Tensor input, Tensor? condition, Pass pass, Tensor? visible = null) =>
        Decode(Encode(input, condition, null, pass, visible).Code, condition, pass);

    /// <summary>The scorer with the present weights.</summary>
    /// <param name="metadata">What the graph says of itself.</param>
    /// <param name="draws">The standard-normal draws of a score that takes samples.</param>
    /// <param name="masks">The masks of a score that hides features, or null.</param>
    /// <param name="detector">What a detector's score is made of, or null.</param>
    public AutoencoderModel ToScorer(
        AutoencoderMetadata metadata, float[] draws, FeatureMasks? masks = null, DetectorParts? detector = null) => new(ScorerGraph.Build(
        new AutoencoderParts
        {
            Encoder = LogVariance is null ? (graph, input, condition) =>
                CodeLayer.Emit(graph, Trunk.Emit(graph, input, condition), null) : Trunk.Emit,
            Mean = LogVariance is null ? null : CodeLayer.Emit,
            LogVariance = LogVariance is null ? null : LogVariance.Emit,
            OffsetEncoder = Offset is null ? null : (graph, input, _) => Offset.Emit(graph, input, null),
            Decoder = Decoder.Emit,
            Draws = draws,
            Masks = masks,
            Detector = detector,
        }, metadata));

    /// <summary>Writes encoder and decoder, of a code without variance, one after the other.</summary>
    public string Emit(OnnxGraphBuilder graph, string input, string? condition) =>
        Decoder.Emit(graph, CodeLayer.Emit(graph, Trunk.Emit(graph, input, condition), null), condition);

    private static Tensor Normal(Tensor like, Pass pass) =>
        randn(like.shape, dtype: ScalarType.Float32, device: like.device, generator: pass.Generator);
}
