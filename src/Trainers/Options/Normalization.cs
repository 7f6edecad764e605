namespace MLNetAutoencoder;

/// <summary>How the sums of a hidden layer are normalized before its activation.</summary>
public enum Normalization
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Each unit over the batch, in a convolutional layer each channel over batch and places (Ioffe and Szegedy 2015).</summary>
    Batch,

    /// <summary>Each row over the units of the layer (Ba, Kiros and Hinton 2016); dense layers only.</summary>
    Layer,
}
