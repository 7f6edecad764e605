namespace MLNetAutoencoder;

/// <summary>How the code is normalized, after its activation and before noise and offset.</summary>
public enum CodeNormalization
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>
    /// Each unit to mean 0 and variance 1 over the batch; when scoring, by the averages of the training (Ioffe and
    /// Szegedy 2015, without scale and shift).
    /// </summary>
    Batch,

    /// <summary>
    /// Each row to mean 0 and variance 1 over the units of its code (Ba, Kiros and Hinton 2016, without scale and
    /// shift).
    /// </summary>
    Layer,

    /// <summary>Each row to a code of length 1.</summary>
    UnitLength,
}
