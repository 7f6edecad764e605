namespace MLNetAutoencoder.Onnx;

/// <summary>
/// How the weights of an exported graph are stored and calculated with. Inputs and outputs, scaling, missing values,
/// feature errors, score and threshold stay 32-bit floating point.
/// </summary>
public enum OnnxQuantization
{
    /// <summary>
    /// Weights in 16-bit floating point, widened when a runtime opens the file: half the weights' size, the speed of
    /// the file before.
    /// </summary>
    Float16,

    /// <summary>
    /// Weights in 8-bit integers, widened when a runtime opens the file: a quarter of the weights' size, the speed of
    /// the file before.
    /// </summary>
    Int8Weights,

    /// <summary>
    /// Weights in 8-bit integers; dense layers calculate in integers, with scales that are found in calibration rows.
    /// Convolutions are as of <see cref="Int8Weights"/>.
    /// </summary>
    StaticInt8,
}

/// <summary>What the metadata call a quantization; older files may have <c>dynamic_int8</c> too.</summary>
internal static class QuantizationName
{
    public const string None = "none";

    public static string Of(OnnxQuantization form) => form switch
    {
        OnnxQuantization.Float16 => "float16",
        OnnxQuantization.Int8Weights => "int8_weights",
        OnnxQuantization.StaticInt8 => "static_int8",
        _ => throw new ArgumentOutOfRangeException(
            nameof(form), form, $"There is no quantization {form}; there are {string.Join(", ", Enum.GetNames<OnnxQuantization>())}."),
    };
}
