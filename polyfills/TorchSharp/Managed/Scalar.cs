namespace TorchSharp;

/// <summary>A number that goes to an operator as it is, without becoming a tensor.</summary>
public sealed class Scalar : IDisposable
{
    private Scalar(Native.Number number) => Number = number;

    internal Native.Number Number { get; }

    public static implicit operator Scalar(int value) => (long)value;
    public static implicit operator Scalar(long value) => new(new Native.Number(Native.Number.Integer, value));
    public static implicit operator Scalar(float value) => (double)value;
    public static implicit operator Scalar(double value) => new(value);

    /// <summary>Nothing to give back here; TorchSharp's own holds native memory.</summary>
    public void Dispose()
    {
    }
}
