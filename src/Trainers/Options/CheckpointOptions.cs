using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Writes what is needed to go on with a training, so that a training that was ended is not lost.</summary>
public sealed record CheckpointOptions
{
    /// <summary>The default value of <see cref="EveryEpochs"/>.</summary>
    public const int DefaultEveryEpochs = 1;

    /// <summary>
    /// The folder that the checkpoint is written to, as one file, <c>autoencoder.checkpoint</c>, that each next one
    /// replaces. It is made where it does not exist.
    /// </summary>
    public string Folder { get; init; } = "";

    /// <summary>After how many epochs it is written. The default value is 1.</summary>
    public int EveryEpochs { get; init; } = DefaultEveryEpochs;

    /// <summary>
    /// Whether the training goes on from the checkpoint in the folder, where there is one. The default value is false:
    /// it starts anew.
    /// </summary>
    public bool Continue { get; init; }

    internal void Validate()
    {
        const string path = nameof(AutoencoderEstimator.Options.Checkpoint);
        Require.Text(Folder, $"{path}.{nameof(Folder)}", "the path of a folder");
        Require.AtLeast(EveryEpochs, 1, $"{path}.{nameof(EveryEpochs)}");
    }
}
