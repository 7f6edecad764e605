using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Layers and losses as functions.</summary>
        public static class functional
        {
            public static Tensor relu(Tensor x, bool inplace = false) => inplace ? x.relu_().alias() : x.relu();

            public static Tensor leaky_relu(Tensor input, double negative_slope = 0.01, bool inplace = false) =>
                inplace ? input.leaky_relu_(negative_slope).alias() : input.leaky_relu(negative_slope);

            public static Tensor elu(Tensor x, double alpha, bool inplace = false) => inplace ? x.EluInPlace(alpha).alias() : x.elu(alpha);

            public static Tensor selu(Tensor x, bool inplace = false) => inplace ? x.selu_().alias() : x.selu();

            public static Tensor gelu(Tensor x) => x.gelu();

            public static Tensor silu(Tensor x, bool inplace = false) => inplace ? x.silu_().alias() : x.silu();

            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => x.softplus(beta, threshold);

            public static Tensor tanh(Tensor x, bool inplace = false) => inplace ? x.tanh_().alias() : x.tanh();

            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null)
            {
                return Result(ts_linear(input.Handle, weights.Handle, bias?.Handle ?? 0), input, weights, bias);

                [DllImport(Lib)]
                static extern nint ts_linear(nint input, nint weight, nint bias);
            }

            /// <summary>Sets elements to zero with probability <paramref name="p"/>, drawn from the process-wide generator, and scales the rest.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                if (!inplace)
                    return Result(ts_dropout(input.Handle, p, training), input);
                return InPlace(ts_dropout_(input.Handle, p, training), input).alias();

                [DllImport(Lib)]
                static extern nint ts_dropout(nint a, double p, bool train);
                [DllImport(Lib)]
                static extern bool ts_dropout_(nint a, double p, bool train);
            }

            // ---- losses

            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
            {
                return Result(ts_mse_loss(input.Handle, target.Handle, (long)reduction), input, target);

                [DllImport(Lib)]
                static extern nint ts_mse_loss(nint input, nint target, long reduction);
            }

            public static Tensor l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
            {
                return Result(ts_l1_loss(input.Handle, target.Handle, (long)reduction), input, target);

                [DllImport(Lib)]
                static extern nint ts_l1_loss(nint input, nint target, long reduction);
            }

            public static Tensor huber_loss(Tensor input, Tensor target, double delta = 1, Reduction reduction = Reduction.Mean)
            {
                return Result(ts_huber_loss(input.Handle, target.Handle, (long)reduction, delta), input, target);

                [DllImport(Lib)]
                static extern nint ts_huber_loss(nint input, nint target, long reduction, double delta);
            }

            public static Tensor smooth_l1_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, double beta = 1)
            {
                return Result(ts_smooth_l1_loss(input.Handle, target.Handle, (long)reduction, beta), input, target);

                [DllImport(Lib)]
                static extern nint ts_smooth_l1_loss(nint input, nint target, long reduction, double beta);
            }

            public static Tensor binary_cross_entropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                return Result(ts_binary_cross_entropy(input.Handle, target.Handle, weight?.Handle ?? 0, (long)reduction), input, target, weight);

                [DllImport(Lib)]
                static extern nint ts_binary_cross_entropy(nint input, nint target, nint weight, long reduction);
            }

            public static Tensor binary_cross_entropy_with_logits(
                Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? pos_weights = null)
            {
                Tensor result = Result(
                    ts_binary_cross_entropy_with_logits(input.Handle, target.Handle, weight?.Handle ?? 0, (long)reduction, pos_weights?.Handle ?? 0),
                    input, target, weight);
                GC.KeepAlive(pos_weights);
                return result;

                [DllImport(Lib)]
                static extern nint ts_binary_cross_entropy_with_logits(nint input, nint target, nint weight, long reduction, nint positive);
            }
        }
    }
}
