namespace MLNetAutoencoder.Onnx;

/// <summary>What the metadata call a quantisation.</summary>
internal static class QuantisationName
{
    public const string None = "none";

    public static string Of(OnnxQuantisation form) => form switch
    {
        OnnxQuantisation.Float16 => "float16",
        OnnxQuantisation.Int8Weights => "int8_weights",
        OnnxQuantisation.DynamicInt8 => "dynamic_int8",
        OnnxQuantisation.StaticInt8 => "static_int8",
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, $"There is no quantisation {form}; there are {string.Join(", ", Enum.GetNames<OnnxQuantisation>())}."),
    };
}
