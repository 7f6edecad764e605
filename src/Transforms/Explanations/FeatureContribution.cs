namespace MLNetAutoencoder;

/// <summary>What one feature adds to a row's score.</summary>
/// <param name="Name">The feature's name.</param>
/// <param name="Value">Its value in the row, in raw units.</param>
/// <param name="Expected">The value that the autoencoder expects in its place, in raw units.</param>
/// <param name="Error">Its term of the reconstruction loss, in scaled units; NaN where the value is missing.</param>
/// <param name="Share">Its share of the sum of all features' errors, from 0 to 1; NaN where the row has no score.</param>
public readonly record struct FeatureContribution(string Name, float Value, float Expected, float Error, float Share);
