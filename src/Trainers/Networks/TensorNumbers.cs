using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// The arithmetic of tensors with numbers. A number for libtorch is an object whose finalizer frees it, and a call hands on its
/// address alone: one that is made for a call, as operators do, may be freed within it. Here each lives until its call is done.
/// </summary>
internal static class TensorNumbers
{
    // What is static is never freed.
    private static readonly Scalar s_zero = 0, s_one = 1, s_two = 2;

    /// <summary>The numbers from 0 up to a count, without it, as Single.</summary>
    public static Tensor UpTo(long count, Device device)
    {
        using Scalar number = count;
        return arange(s_zero, number, s_one, ScalarType.Float32, device);
    }

    /// <summary>The sum. The operator makes a number too, for the factor of the second addend.</summary>
    public static Tensor Plus(this Tensor x, Tensor y) => x.add(y, s_one);

    public static Tensor Plus(this Tensor x, double y)
    {
        using Scalar number = y;
        return x.add(number, s_one);
    }

    /// <summary>Adds a tensor, in place.</summary>
    public static void Add(this Tensor x, Tensor y) => x.add_(y, s_one);

    public static Tensor Minus(this Tensor x, double y)
    {
        using Scalar number = y;
        return x.sub(number);
    }

    public static Tensor Times(this Tensor x, double y)
    {
        using Scalar number = y;
        return x.mul(number);
    }

    public static Tensor Over(this Tensor x, double y)
    {
        using Scalar number = y;
        return x.div(number);
    }

    /// <summary>1 − x.</summary>
    public static Tensor Complement(this Tensor x) => x.negative().add(s_one, s_one);

    public static Tensor Squared(this Tensor x) => x.pow(s_two);

    public static Tensor IsLess(this Tensor x, double than)
    {
        using Scalar number = than;
        return x.lt(number);
    }

    public static Tensor IsMore(this Tensor x, double than)
    {
        using Scalar number = than;
        return x.gt(number);
    }

    public static Tensor AtLeast(this Tensor x, double least)
    {
        using Scalar number = least;
        return x.clamp_min(number);
    }

    public static Tensor Between(this Tensor x, double least, double most)
    {
        using Scalar low = least, high = most;
        return x.clamp(low, high);
    }

    /// <summary>Sets all values, in place.</summary>
    public static void Fill(this Tensor x, double value)
    {
        using Scalar number = value;
        x.fill_(number);
    }

    public static Tensor LeakyReLU(this Tensor x, double slope)
    {
        using Scalar number = slope;
        return x.leaky_relu(number);
    }

    /// <summary>The exponential linear unit with the constant 1.</summary>
    public static Tensor ELU(this Tensor x) => x.elu(s_one, s_one, s_one);
}
