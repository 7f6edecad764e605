using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>The rows of one step, as the network sees them.</summary>
/// <param name="Rows">Scaled features, the mean in the place of a missing one, [b, d].</param>
/// <param name="Condition">[b, c], or null.</param>
/// <param name="Offset">[b, m], or null.</param>
/// <param name="Weights">The rows' weights, whose mean over all training rows is 1, [b]; or null.</param>
/// <param name="Labels">Classes, one-hot, [b, c], or null.</param>
/// <param name="Known">1 for a feature that counts in the loss and 0 for a missing one, [b, d]; null where all count.</param>
internal readonly record struct TrainingBatch(Tensor Rows, Tensor? Condition, Tensor? Offset, Tensor? Weights, Tensor? Labels = null,
    Tensor? Known = null);
