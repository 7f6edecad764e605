using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// Greedy layer-wise pretraining (Bengio et al. 2007): each layer of the encoder, with its counterpart in the decoder,
/// is trained as an autoencoder of the codes of the layers before it; then the whole is fine-tuned. With a corruption,
/// each layer is a denoising autoencoder (Vincent et al. 2010).
/// </summary>
public sealed record PretrainingOptions
{
    /// <summary>The default value of <see cref="Epochs"/>.</summary>
    public const int DefaultEpochs = 10;

    /// <summary>How often the training rows are gone through for each layer. The default value is 10.</summary>
    public int Epochs { get; init; } = DefaultEpochs;

    internal void Validate(AutoencoderEstimator.Options options)
    {
        const string path = nameof(options.Pretraining);
        Require.AtLeast(Epochs, 0, $"{path}.{nameof(Epochs)}");
        Require.Not(options.Network is not DenseNetworkOptions, path, "set", nameof(options.Network), options.Network.Kind,
            "layers are pretrained one by one in dense networks only");
        Require.Not(options.Network is DenseNetworkOptions { DecoderHidden: { } hidden } dense
            && !hidden.SequenceEqual(dense.Hidden.Reverse()), path, "set",
            $"{nameof(options.Network)}.{nameof(DenseNetworkOptions.DecoderHidden)}", "set",
            "each layer of the encoder needs its counterpart in the decoder");
        Require.Not(options.Code.Variational is not null, path, "set", $"{nameof(options.Code)}.{nameof(options.Code.Variational)}", "set",
            "a distribution of codes is no input of a next layer");
        Require.Not(options.ConditionColumnName is not null, path, "set", nameof(options.ConditionColumnName),
            options.ConditionColumnName ?? "", "the codes between the layers do not go with the condition");
    }
}
