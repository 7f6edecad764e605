using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Where <see cref="AutoencoderGenerator.Sample"/> takes codes from.</summary>
public enum CodeDistribution
{
    /// <summary>
    /// Independent standard normal units: the prior that a variational autoencoder is trained toward. Codes of other
    /// models are not distributed like this.
    /// </summary>
    StandardNormal,

    /// <summary>
    /// The Gaussian with mean and covariance of the training rows' codes
    /// (<see cref="Onnx.AutoencoderMetadata.CodeMean"/>, <see cref="Onnx.AutoencoderMetadata.CodeCovariance"/>);
    /// of codes of more than 128 units the units are drawn independently.
    /// </summary>
    Gaussian,

    /// <summary>
    /// The mixture of Gaussians that training fitted to the rows' codes
    /// (<see cref="Onnx.AutoencoderMetadata.CodeMixtureWeights"/>): ten components with full covariances, less where
    /// the rows are few. It follows codes that lie in groups, as one Gaussian cannot (Ghosh et al. 2020). Not for codes
    /// of more than 32 units.
    /// </summary>
    GaussianMixture,
}
