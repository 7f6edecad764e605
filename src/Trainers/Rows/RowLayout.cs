namespace MLNetAutoencoder;

/// <summary>
/// Where the parts of a training row lie in its record, Singles one after another: raw features, condition, code
/// offset, weight, classes.
/// </summary>
/// <param name="Features">How many features there are.</param>
/// <param name="Condition">How wide the condition is; 0 where there is none.</param>
/// <param name="Offset">How wide the code offset is; 0 where there is none.</param>
/// <param name="HasWeight">Whether rows have weights.</param>
/// <param name="Classes">How many classes a label has, one-hot; 0 where there are none.</param>
internal sealed record RowLayout(int Features, int Condition, int Offset, bool HasWeight, int Classes)
{
    public Range FeatureRange => ..Features;

    public Range ConditionRange => Features..(Features + Condition);

    public Range OffsetRange => (Features + Condition)..WeightStart;

    public int WeightStart => Features + Condition + Offset;

    public Range ClassRange => (Width - Classes)..Width;

    /// <summary>The Singles of a record.</summary>
    public int Width => WeightStart + (HasWeight ? 1 : 0) + Classes;

    public int ByteCount => Width * sizeof(float);
}
