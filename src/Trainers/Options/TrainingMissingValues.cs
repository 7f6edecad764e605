namespace MLNetAutoencoder;

/// <summary>What training does with a row that has a missing value, that is NaN or an infinity.</summary>
public enum TrainingMissingValues
{
    /// <summary>Training stops with an error that names the row and the feature.</summary>
    Refuse,

    /// <summary>Such rows are left out; how many is told in the context's log.</summary>
    Skip,

    /// <summary>
    /// The mean of the feature's known values takes the place of a missing one, as if it had been observed. In
    /// condition and code offset, 0 does.
    /// </summary>
    Mean,

    /// <summary>
    /// What is missing does not count: it enters the network as the mean of the feature's known values, and its term is
    /// left out of the reconstruction loss, which becomes the mean over what is known; of a variational
    /// autoencoder the likelihood is that of the known features (Mattei and Frellsen 2019, section 2). In condition and
    /// code offset, a missing value enters as 0.
    /// </summary>
    Masked,
}
