using TorchSharp.Modules;

namespace MLNetAutoencoder;

/// <summary>What a training loop trains.</summary>
internal sealed record TrainingTask
{
    /// <summary>What is trained, for people: <c>Epoch</c>, or the layer and then <c>epoch</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>The parameters that change.</summary>
    public required IReadOnlyList<Parameter> Parameters { get; init; }

    /// <summary>What the best weights and the checkpoints are of; null where there are neither.</summary>
    public NetworkModule? Network { get; init; }

    /// <summary>The names of the terms of the loss.</summary>
    public required string[] Terms { get; init; }

    /// <summary>How a step leaves the gradients of a batch in the parameters.</summary>
    public required ITrainingStep Step { get; init; }

    /// <summary>The rows.</summary>
    public required TrainingSet Rows { get; init; }

    /// <summary>
    /// The loss on the validation rows with the present weights, or null where it was canceled; null itself without
    /// validation.
    /// </summary>
    public Func<CancellationToken, double?>? Validate { get; init; }

    /// <summary>How often the rows are gone through.</summary>
    public required int Epochs { get; init; }

    /// <summary>Where checkpoints go, or null.</summary>
    public CheckpointFile? Checkpoint { get; init; }
}
