using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Fully connected layers: features, hidden layers, code, and back to the features.</summary>
public sealed record DenseNetworkOptions : NetworkOptions
{
    /// <summary>
    /// The widths of the encoder's hidden layers, from the features to the code. The default value is 64, 32. May be
    /// empty.
    /// </summary>
    public IReadOnlyList<int> Hidden { get; init => field = ValueList.Of(value); } = ValueList.Of([64, 32]);

    /// <summary>
    /// The widths of the decoder's hidden layers, from the code to the features. The default value is null: those of
    /// the encoder the other way round.
    /// </summary>
    public IReadOnlyList<int>? DecoderHidden { get; init => field = ValueList.Of(value); }

    /// <summary>
    /// The share of a hidden layer's units that are left out at random in each step of the training, in [0, 1)
    /// (Srivastava et al. 2014). The default value is 0.
    /// </summary>
    public double Dropout { get; init; }

    /// <summary>
    /// Whether each layer of the decoder has the weights of its counterpart in the encoder, transposed. The default
    /// value is false.
    /// </summary>
    public bool TiedWeights { get; init; }

    internal override string Kind => "dense";

    internal override bool HasDropout => Dropout > 0;

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(AutoencoderEstimator.Options.Network);
        base.Validate(options);
        Require.NotNull(Hidden, $"{path}.{nameof(Hidden)}");
        foreach (int width in Hidden)
            Require.AtLeast(width, 1, $"{path}.{nameof(Hidden)}");
        foreach (int width in DecoderHidden ?? [])
            Require.AtLeast(width, 1, $"{path}.{nameof(DecoderHidden)}");
        Require.Not(Normalization == Normalization.Layer && Hidden.Concat(DecoderHidden ?? []).Contains(1),
            $"{path}.{nameof(Normalization)}", Normalization, $"{path}.{nameof(Hidden)}", 1,
            "one unit, normalized over the units, is always 0");
        Require.Share(Dropout, $"{path}.{nameof(Dropout)}");
        Require.Not(TiedWeights && DecoderHidden is not null && !DecoderHidden.SequenceEqual(Hidden.Reverse()),
            $"{path}.{nameof(TiedWeights)}", true, $"{path}.{nameof(DecoderHidden)}", string.Join(", ", DecoderHidden ?? []),
            "tied weights need a decoder that mirrors the encoder");
        Require.Not(TiedWeights && options.Masking is not null, $"{path}.{nameof(TiedWeights)}", true, nameof(options.Masking), "set",
            "what is visible widens the first layer of the encoder, so that its weights have another shape than the decoder's");
        Require.Not(TiedWeights && options.ConditionColumnName is not null, $"{path}.{nameof(TiedWeights)}", true,
            nameof(options.ConditionColumnName), options.ConditionColumnName ?? "",
            "the condition widens the first layers of encoder and decoder, so that their weights have different shapes");
    }

    private protected override NetworkPart CreateTrunk(int featureCount, int conditionSize, Generator generator, out int width)
    {
        int[] widths = [featureCount + conditionSize, .. Hidden];
        width = widths[^1];
        return new DenseStack("encoder", Enumerable.Range(0, Hidden.Count).Select(i =>
            new DenseLayer($"encoder/dense{i + 1}", widths[i], widths[i + 1], Activation, generator, Normalization, Dropout)));
    }

    private protected override NetworkPart CreateDecoder(
        NetworkPart trunk, CodeLayer code, int featureCount, int conditionSize, Generator generator)
    {
        int[] widths = [code.Units.Outputs + conditionSize, .. DecoderHidden ?? [.. Hidden.Reverse()], featureCount];
        DenseLayer[] encoder = [.. ((DenseStack)trunk).Layers, code.Units];
        return new DenseStack("decoder", Enumerable.Range(0, widths.Length - 1).Select(i =>
        {
            bool isLast = i == widths.Length - 2;
            return new DenseLayer($"decoder/dense{i + 1}", widths[i], widths[i + 1], isLast ? OutputActivation : Activation, generator,
                isLast ? Normalization.None : Normalization, isLast ? 0 : Dropout, TiedWeights ? encoder[^(i + 1)] : null);
        }));
    }
}
