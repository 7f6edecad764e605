namespace TorchSharp;

/// <summary>A number that goes to an operator as it is, without becoming a tensor.</summary>
public sealed class Scalar : IDisposable
{
    private Scalar(Native.Number number, torch.ScalarType type) => (Number, Type) = (number, type);

    internal Native.Number Number { get; }

    /// <summary>The type that libtorch gives the number: its widest of that kind.</summary>
    public torch.ScalarType Type { get; }

    internal static Scalar Of(Native.Number number) => new(number, number.Kind switch
    {
        Native.Number.Real => torch.ScalarType.Float64,
        Native.Number.Truth => torch.ScalarType.Bool,
        _ => torch.ScalarType.Int64,
    });

    public static implicit operator Scalar(byte value) => (long)value;
    public static implicit operator Scalar(int value) => (long)value;
    public static implicit operator Scalar(long value) => new(new(Native.Number.Integer, value), torch.ScalarType.Int64);
    public static implicit operator Scalar(float value) => (double)value;
    public static implicit operator Scalar(double value) => new(value, torch.ScalarType.Float64);
    public static implicit operator Scalar(bool value) => new(new(Native.Number.Truth, value ? 1 : 0), torch.ScalarType.Bool);

    /// <summary>Nothing to give back here; TorchSharp's own holds native memory.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Numbers into scalars, and back.</summary>
public static class ScalarExtensionMethods
{
    public static Scalar ToScalar(this int value) => value;
    public static Scalar ToScalar(this long value) => value;
    public static Scalar ToScalar(this float value) => value;
    public static Scalar ToScalar(this double value) => value;
    public static Scalar ToScalar(this bool value) => value;
    public static float ToSingle(this Scalar value) => (float)value.ToDouble();
    public static double ToDouble(this Scalar value) => value.Number.ToDouble();
    public static int ToInt32(this Scalar value) => checked((int)value.ToInt64());
    public static long ToInt64(this Scalar value) => value.Number.ToInt64();
    public static bool ToBoolean(this Scalar value) => value.Number.ToDouble() != 0;
}
