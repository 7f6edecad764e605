namespace MLNetAutoencoder.Onnx;

/// <summary>What the metadata call a quantization.</summary>
internal static class QuantizationName
{
    public const string None = "none";

    public static string Of(OnnxQuantization form) => form switch
    {
        OnnxQuantization.Float16 => "float16",
        OnnxQuantization.Int8Weights => "int8_weights",
        OnnxQuantization.DynamicInt8 => "dynamic_int8",
        OnnxQuantization.StaticInt8 => "static_int8",
        _ => throw new ArgumentOutOfRangeException(
            nameof(form), form, $"There is no quantization {form}; there are {string.Join(", ", Enum.GetNames<OnnxQuantization>())}."),
    };
}
