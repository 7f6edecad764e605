using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public static partial class AutoencoderTrainersCatalog
{
    /// <summary>
    /// A convolutional autoencoder: convolutions and max pooling from an image down to the code, upsampling and
    /// convolutions up again.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="featureColumnName">The column with the pixels, a vector of known size of Single, channel after
    /// channel (<see cref="ImageLayout.Planar"/>).</param>
    /// <param name="height">The height of the image in pixels.</param>
    /// <param name="width">The width of the image in pixels.</param>
    /// <param name="channels">The channels of the image.</param>
    /// <param name="filters">The filters of each block; the decoder has them the other way round. Null for 16, 32.</param>
    /// <param name="code">The number of units of the code.</param>
    /// <param name="epochs">How often the training rows are gone through.</param>
    /// <param name="batchSize">The rows of one step.</param>
    /// <param name="learningRate">The step size of Adam.</param>
    /// <param name="contamination">The share of the training rows that the threshold is to call anomalies, between 0 and 0.5.</param>
    /// <param name="scaling">How the features are scaled, inside the graphs.</param>
    /// <param name="seed">The seed of everything random; null to draw one from the context.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Convolutional(
        this AutoencoderCatalog catalog,
        string featureColumnName,
        int height,
        int width,
        int channels = ConvolutionalNetworkOptions.DefaultChannels,
        IReadOnlyList<int>? filters = null,
        int code = CodeOptions.DefaultSize,
        int epochs = AutoencoderEstimator.Options.DefaultEpochs,
        int batchSize = AutoencoderEstimator.Options.DefaultBatchSize,
        double learningRate = AutoencoderEstimator.Options.DefaultLearningRate,
        double contamination = AutoencoderEstimator.Options.DefaultContamination,
        InputScaling scaling = AutoencoderEstimator.Options.DefaultScaling,
        int? seed = null)
    {
        var network = new ConvolutionalNetworkOptions { Channels = channels, Height = height, Width = width };
        if (filters is not null)
            network = network with { Filters = filters };
        return catalog.Convolutional(new AutoencoderEstimator.Options
        {
            FeatureColumnName = featureColumnName,
            Network = network,
            Code = new CodeOptions { Size = code },
            Epochs = epochs,
            BatchSize = batchSize,
            LearningRate = learningRate,
            Threshold = ThresholdRule.Contamination(contamination),
            Scaling = scaling,
            Seed = seed,
        });
    }

    /// <summary>A convolutional autoencoder with all options.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="options">The options; <see cref="AutoencoderEstimator.Options.Network"/> must be
    /// <see cref="ConvolutionalNetworkOptions"/>.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or two do not fit together; the message names them.</exception>
    public static AutoencoderEstimator Convolutional(this AutoencoderCatalog catalog, AutoencoderEstimator.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Network is not ConvolutionalNetworkOptions)
            throw new ArgumentException(
                $"The option {nameof(options.Network)} is {options.Network?.GetType().Name ?? "null"}; a convolutional autoencoder " +
                $"expects {nameof(ConvolutionalNetworkOptions)}.", nameof(options));
        return new AutoencoderEstimator(catalog.Context, options);
    }
}
