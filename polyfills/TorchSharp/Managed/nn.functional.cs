using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Layers and losses as functions.</summary>
        public static unsafe class functional
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

            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            /// <summary>A new last axis with a one at the class that each element names; without a count, as many classes as are named.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1)
            {
                return Result(ts_one_hot(x.Handle, num_classes), x);

                [DllImport(Lib)]
                static extern nint ts_one_hot(nint a, long classes);
            }

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

            // ---- convolution and pooling; null strides and dilations are one, null paddings none

            public static Tensor conv2d(
                Tensor input, Tensor weight, Tensor? bias = null,
                long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1)
            {
                fixed (long* s = strides ??= [1, 1], p = padding ??= [0, 0], d = dilation ??= [1, 1])
                    return Result(
                        ts_conv2d(
                            input.Handle, weight.Handle, bias?.Handle ?? 0, s, strides.Length, p, padding.Length, d, dilation.Length, groups),
                        input, weight, bias);

                [DllImport(Lib)]
                static extern nint ts_conv2d(nint input, nint weight, nint bias, long* s, int ns, long* p, int np, long* d, int nd, long groups);
            }

            public static Tensor conv_transpose2d(
                Tensor input, Tensor weight, Tensor? bias = null,
                long[]? strides = null, long[]? padding = null, long[]? output_padding = null, long[]? dilation = null, long groups = 1)
            {
                fixed (long* s = strides ??= [1, 1], p = padding ??= [0, 0], o = output_padding ??= [0, 0], d = dilation ??= [1, 1])
                    return Result(
                        ts_conv_transpose2d(
                            input.Handle, weight.Handle, bias?.Handle ?? 0,
                            s, strides.Length, p, padding.Length, o, output_padding.Length, d, dilation.Length, groups),
                        input, weight, bias);

                [DllImport(Lib)]
                static extern nint ts_conv_transpose2d(
                    nint input, nint weight, nint bias, long* s, int ns, long* p, int np, long* op, int nop, long* d, int nd, long groups);
            }

            public static Tensor max_pool2d(
                Tensor input, long kernel_size, long? stride = null, long? padding = null, long? dilation = null, bool ceil_mode = false) =>
                max_pool2d(input, Both(kernel_size)!, Both(stride), Both(padding), Both(dilation), ceil_mode);

            /// <summary>The largest element under each place of a window, which moves by its own size unless <paramref name="strides"/> are given.</summary>
            public static Tensor max_pool2d(
                Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false)
            {
                fixed (long* k = kernel_size, s = strides ??= kernel_size, p = padding ??= [0, 0], d = dilation ??= [1, 1])
                    return Result(
                        ts_max_pool2d(
                            input.Handle, k, kernel_size.Length, s, strides.Length, p, padding.Length, d, dilation.Length, ceil_mode),
                        input);

                [DllImport(Lib)]
                static extern nint ts_max_pool2d(nint input, long* k, int nk, long* s, int ns, long* p, int np, long* d, int nd, bool ceil);
            }

            // ---- normalization

            /// <summary>Normalises each channel, in training by its batch, which then moves the running statistics, and else by these.</summary>
            public static Tensor batch_norm(
                Tensor input, Tensor running_mean, Tensor running_var, Tensor? weight = null, Tensor? bias = null,
                bool training = false, double momentum = 0.1, double eps = 1e-05)
            {
                Tensor result = Result(
                    ts_batch_norm(
                        input.Handle, running_mean.Handle, running_var.Handle, weight?.Handle ?? 0, bias?.Handle ?? 0, training, momentum, eps),
                    input, running_mean, running_var);
                GC.KeepAlive(weight);
                GC.KeepAlive(bias);
                return result;

                [DllImport(Lib)]
                static extern nint ts_batch_norm(
                    nint input, nint mean, nint variance, nint weight, nint bias, bool training, double momentum, double eps);
            }

            /// <summary>Normalises over the last axes, whose lengths are <paramref name="normalized_shape"/>.</summary>
            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-05)
            {
                fixed (long* s = normalized_shape)
                    return Result(
                        ts_layer_norm(input.Handle, s, normalized_shape.Length, weight?.Handle ?? 0, bias?.Handle ?? 0, eps), input, weight, bias);

                [DllImport(Lib)]
                static extern nint ts_layer_norm(nint input, long* s, int n, nint weight, nint bias, double eps);
            }

            /// <summary>Divides by the <paramref name="p"/>-norm along <paramref name="dim"/>, or by <paramref name="eps"/> where that is larger.</summary>
            public static Tensor normalize(Tensor input, double p = 2, long dim = 1, double eps = 1e-12)
            {
                return Result(ts_normalize(input.Handle, p, dim, eps), input);

                [DllImport(Lib)]
                static extern nint ts_normalize(nint input, double p, long dim, double eps);
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

            /// <summary>The cross-entropy of logits, whose axis 1 is the class, with target classes or probabilities.</summary>
            public static Tensor cross_entropy(
                Tensor input, Tensor target, Tensor? weight = null,
                long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0)
            {
                return Result(
                    ts_cross_entropy(input.Handle, target.Handle, weight?.Handle ?? 0, (long)reduction, ignore_index, label_smoothing),
                    input, target, weight);

                [DllImport(Lib)]
                static extern nint ts_cross_entropy(nint input, nint target, nint weight, long reduction, long ignored, double smoothing);
            }

            private static long[]? Both(long? value) => value is { } given ? [given, given] : null;
        }
    }
}
