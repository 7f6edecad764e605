namespace MLNetAutoencoder.Onnx;

/// <summary>The masks under which a masked autoencoder predicts what they hide, and what normal rows' errors are then.</summary>
/// <param name="Count">The number of masks.</param>
/// <param name="Visible">1 for a feature that a mask leaves visible and 0 for one that it hides, [masks, d] row by row.</param>
/// <param name="Weights">
/// What the error of a feature is multiplied by under each mask: 1 / (its mean error on normal rows); 0 for one that does not count,
/// which a visible one does only under a mask that hides none.
/// </param>
internal sealed record FeatureMasks(int Count, float[] Visible, float[] Weights);
