using System.Text.Json.Serialization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// How the learning rate changes while training; <see cref="TrainingOptions.LearningRate"/> is its largest
/// value.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConstantSchedule), "constant")]
[JsonDerivedType(typeof(StepSchedule), "step")]
[JsonDerivedType(typeof(CosineSchedule), "cosine")]
[JsonDerivedType(typeof(OneCycleSchedule), "one_cycle")]
[JsonDerivedType(typeof(PlateauSchedule), "plateau")]
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule()
    {
    }

    /// <summary>Checks the values.</summary>
    internal virtual void Validate()
    {
    }

    /// <summary>What the learning rate is multiplied by.</summary>
    /// <param name="epoch">The time, in epochs from 0; between two whole numbers within an epoch.</param>
    /// <param name="epochs">The epochs of the training.</param>
    internal abstract double Factor(double epoch, int epochs);

    private protected static string Option(string name) => $"{nameof(AutoencoderEstimator.Options.Schedule)}.{name}";
}

/// <summary>The learning rate stays.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    internal override double Factor(double epoch, int epochs) => 1;
}

/// <summary>Every so many epochs the learning rate is multiplied by a factor.</summary>
/// <param name="EveryEpochs">How many.</param>
/// <param name="Multiplier">The factor, between 0 and 1. The default value is 0.1.</param>
public sealed record StepSchedule(int EveryEpochs, double Multiplier = 0.1) : LearningRateSchedule
{
    internal override void Validate()
    {
        Require.AtLeast(EveryEpochs, 1, Option(nameof(EveryEpochs)));
        Require.Between(Multiplier, 0, 1, Option(nameof(Multiplier)));
    }

    internal override double Factor(double epoch, int epochs) => Math.Pow(Multiplier, Math.Floor(epoch / EveryEpochs));
}

/// <summary>The learning rate falls along half a wave of the cosine (Loshchilov and Hutter 2017, without restarts).</summary>
/// <param name="Minimum">What it ends at, as a share of what it starts from. The default value is 0.</param>
public sealed record CosineSchedule(double Minimum = 0) : LearningRateSchedule
{
    internal override void Validate() => Require.Share(Minimum, Option(nameof(Minimum)));

    internal override double Factor(double epoch, int epochs) =>
        Minimum + (1 - Minimum) * (1 + Math.Cos(Math.PI * Math.Min(1, epoch / epochs))) / 2;
}

/// <summary>
/// The learning rate rises along half a wave of the cosine and then falls along another (Smith and Topin 2019, without
/// the cycle of the momentum).
/// </summary>
/// <param name="RisingShare">The share of the training in which it rises. The default value is 0.3.</param>
/// <param name="Start">What it starts from, as a share of its largest value. The default value is 0.04.</param>
/// <param name="End">What it ends at, as a share of its largest value. The default value is 0.0001.</param>
public sealed record OneCycleSchedule(double RisingShare = 0.3, double Start = 0.04, double End = 0.0001) : LearningRateSchedule
{
    internal override void Validate()
    {
        Require.Between(RisingShare, 0, 1, Option(nameof(RisingShare)));
        Require.Between(Start, 0, 1, Option(nameof(Start)));
        Require.Share(End, Option(nameof(End)));
    }

    internal override double Factor(double epoch, int epochs)
    {
        double share = Math.Min(1, epoch / epochs);
        return share < RisingShare ? Wave(Start, 1, share / RisingShare) : Wave(1, End, (share - RisingShare) / (1 - RisingShare));
    }

    private static double Wave(double from, double to, double share) => to + (from - to) * (1 + Math.Cos(Math.PI * share)) / 2;
}

/// <summary>
/// When the loss has not fallen for some epochs, the learning rate is multiplied by a factor. It looks at the
/// validation loss where there is one, otherwise at the training loss.
/// </summary>
/// <param name="Patience">For how many epochs. The default value is 5.</param>
/// <param name="Multiplier">The factor, between 0 and 1. The default value is 0.1.</param>
/// <param name="MinimalImprovement">The share of the loss by which it must fall to count. The default value is 0.0001.</param>
public sealed record PlateauSchedule(int Patience = 5, double Multiplier = 0.1, double MinimalImprovement = 1e-4) : LearningRateSchedule
{
    internal override void Validate()
    {
        Require.AtLeast(Patience, 1, Option(nameof(Patience)));
        Require.Between(Multiplier, 0, 1, Option(nameof(Multiplier)));
        Require.Share(MinimalImprovement, Option(nameof(MinimalImprovement)));
    }

    // What has happened so far decides: the training loop keeps count.
    internal override double Factor(double epoch, int epochs) => 1;
}
