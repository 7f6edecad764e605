using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    // Elementwise operators.
    public partial class Tensor
    {
        // ---- one operand

        public Tensor abs() { return Result(ts_abs(Handle), this); [DllImport(Lib)] static extern nint ts_abs(nint a); }
        public Tensor neg() { return Result(ts_neg(Handle), this); [DllImport(Lib)] static extern nint ts_neg(nint a); }
        public Tensor exp() { return Result(ts_exp(Handle), this); [DllImport(Lib)] static extern nint ts_exp(nint a); }
        public Tensor expm1() { return Result(ts_expm1(Handle), this); [DllImport(Lib)] static extern nint ts_expm1(nint a); }
        public Tensor log() { return Result(ts_log(Handle), this); [DllImport(Lib)] static extern nint ts_log(nint a); }
        public Tensor log1p() { return Result(ts_log1p(Handle), this); [DllImport(Lib)] static extern nint ts_log1p(nint a); }
        public Tensor sqrt() { return Result(ts_sqrt(Handle), this); [DllImport(Lib)] static extern nint ts_sqrt(nint a); }
        public Tensor rsqrt() { return Result(ts_rsqrt(Handle), this); [DllImport(Lib)] static extern nint ts_rsqrt(nint a); }
        public Tensor square() { return Result(ts_square(Handle), this); [DllImport(Lib)] static extern nint ts_square(nint a); }
        public Tensor reciprocal() { return Result(ts_reciprocal(Handle), this); [DllImport(Lib)] static extern nint ts_reciprocal(nint a); }
        public Tensor sign() { return Result(ts_sign(Handle), this); [DllImport(Lib)] static extern nint ts_sign(nint a); }
        public Tensor relu() { return Result(ts_relu(Handle), this); [DllImport(Lib)] static extern nint ts_relu(nint a); }
        public Tensor sigmoid() { return Result(ts_sigmoid(Handle), this); [DllImport(Lib)] static extern nint ts_sigmoid(nint a); }
        public Tensor tanh() { return Result(ts_tanh(Handle), this); [DllImport(Lib)] static extern nint ts_tanh(nint a); }
        public Tensor silu() { return Result(ts_silu(Handle), this); [DllImport(Lib)] static extern nint ts_silu(nint a); }
        public Tensor selu() { return Result(ts_selu(Handle), this); [DllImport(Lib)] static extern nint ts_selu(nint a); }
        public Tensor gelu() { return Result(ts_gelu(Handle), this); [DllImport(Lib)] static extern nint ts_gelu(nint a); }
        public Tensor isnan() { return Result(ts_isnan(Handle), this); [DllImport(Lib)] static extern nint ts_isnan(nint a); }
        public Tensor isinf() { return Result(ts_isinf(Handle), this); [DllImport(Lib)] static extern nint ts_isinf(nint a); }
        public Tensor isfinite() { return Result(ts_isfinite(Handle), this); [DllImport(Lib)] static extern nint ts_isfinite(nint a); }
        public Tensor logical_not() { return Result(ts_logical_not(Handle), this); [DllImport(Lib)] static extern nint ts_logical_not(nint a); }
        public Tensor abs_() { return InPlace(ts_abs_(Handle), this); [DllImport(Lib)] static extern bool ts_abs_(nint a); }
        public Tensor neg_() { return InPlace(ts_neg_(Handle), this); [DllImport(Lib)] static extern bool ts_neg_(nint a); }
        public Tensor sqrt_() { return InPlace(ts_sqrt_(Handle), this); [DllImport(Lib)] static extern bool ts_sqrt_(nint a); }
        internal Tensor relu_() { return InPlace(ts_relu_(Handle), this); [DllImport(Lib)] static extern bool ts_relu_(nint a); }
        internal Tensor tanh_() { return InPlace(ts_tanh_(Handle), this); [DllImport(Lib)] static extern bool ts_tanh_(nint a); }
        internal Tensor silu_() { return InPlace(ts_silu_(Handle), this); [DllImport(Lib)] static extern bool ts_silu_(nint a); }
        internal Tensor selu_() { return InPlace(ts_selu_(Handle), this); [DllImport(Lib)] static extern bool ts_selu_(nint a); }
        public Tensor zero_() { return InPlace(ts_zero_(Handle), this); [DllImport(Lib)] static extern bool ts_zero_(nint a); }
        public Tensor elu(double alpha = 1) { return Result(ts_elu(Handle, alpha), this); [DllImport(Lib)] static extern nint ts_elu(nint a, Number alpha); }

        internal Tensor EluInPlace(double alpha)
        {
            return InPlace(ts_elu_(Handle, alpha), this);

            [DllImport(Lib)]
            static extern bool ts_elu_(nint a, Number alpha);
        }

        public Tensor leaky_relu(Scalar negative_slope)
        {
            return Result(ts_leaky_relu(Handle, negative_slope), this);

            [DllImport(Lib)]
            static extern nint ts_leaky_relu(nint a, Number slope);
        }

        internal Tensor leaky_relu_(Scalar negative_slope)
        {
            return InPlace(ts_leaky_relu_(Handle, negative_slope), this);

            [DllImport(Lib)]
            static extern bool ts_leaky_relu_(nint a, Number slope);
        }

        public Tensor softplus(double beta = 1, double threshold = 20)
        {
            return Result(ts_softplus(Handle, beta, threshold), this);

            [DllImport(Lib)]
            static extern nint ts_softplus(nint a, Number beta, Number threshold);
        }

        internal Tensor softmax(long dim, ScalarType? dtype)
        {
            return Result(ts_softmax(Handle, dim, Type(dtype)), this);

            [DllImport(Lib)]
            static extern nint ts_softmax(nint a, long dim, int type);
        }

        internal Tensor log_softmax(long dim)
        {
            return Result(ts_log_softmax(Handle, dim), this);

            [DllImport(Lib)]
            static extern nint ts_log_softmax(nint a, long dim);
        }

        public Tensor nan_to_num(double nan = 0, double? posinf = null, double? neginf = null)
        {
            return Result(ts_nan_to_num(Handle, nan, Number.Maybe(posinf), Number.Maybe(neginf)), this);

            [DllImport(Lib)]
            static extern nint ts_nan_to_num(nint a, double nan, Number posinf, Number neginf);
        }

        public Tensor clamp(Scalar? min = null, Scalar? max = null)
        {
            return Result(ts_clamp(Handle, min, max), this);

            [DllImport(Lib)]
            static extern nint ts_clamp(nint a, Number min, Number max);
        }

        public Tensor clamp_min(Scalar min)
        {
            return Result(ts_clamp_min(Handle, min), this);

            [DllImport(Lib)]
            static extern nint ts_clamp_min(nint a, Number low);
        }

        public Tensor clamp_(Scalar? min = null, Scalar? max = null)
        {
            return InPlace(ts_clamp_(Handle, min, max), this);

            [DllImport(Lib)]
            static extern bool ts_clamp_(nint a, Number min, Number max);
        }

        public Tensor fill_(Scalar value) { return InPlace(ts_fill_(Handle, value), this); [DllImport(Lib)] static extern bool ts_fill_(nint a, Number value); }

        public Tensor uniform_(double from, double to, Generator? generator = null)
        {
            return InPlace(ts_uniform_(Handle, from, to, Of(generator)), this, generator);

            [DllImport(Lib)]
            static extern bool ts_uniform_(nint a, double from, double to, nint generator);
        }

        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null)
        {
            return InPlace(ts_normal_(Handle, mean, std, Of(generator)), this, generator);

            [DllImport(Lib)]
            static extern bool ts_normal_(nint a, double mean, double std, nint generator);
        }

        public Tensor bernoulli_(double p = 0.5, Generator? generator = null)
        {
            return InPlace(ts_bernoulli_(Handle, p, Of(generator)), this, generator);

            [DllImport(Lib)]
            static extern bool ts_bernoulli_(nint a, double p, nint generator);
        }

        /// <summary>Zeros and ones, each one with the probability that stands in its place here.</summary>
        internal Tensor bernoulli(Generator? generator)
        {
            return Result(ts_bernoulli(Handle, Of(generator)), this, generator);

            [DllImport(Lib)]
            static extern nint ts_bernoulli(nint a, nint generator);
        }

        // ---- two operands

        public Tensor add(Tensor target) => add(target, 1);

        public Tensor add(Tensor target, Scalar alpha)
        {
            return Result(ts_add(Handle, target.Handle, alpha), this, target);

            [DllImport(Lib)]
            static extern nint ts_add(nint a, nint b, Number alpha);
        }

        public Tensor add(Scalar scalar) { return Result(ts_add_s(Handle, scalar), this); [DllImport(Lib)] static extern nint ts_add_s(nint a, Number b); }

        public Tensor add_(Tensor target) => add_(target, 1);

        public Tensor add_(Tensor target, Scalar alpha)
        {
            return InPlace(ts_add_(Handle, target.Handle, alpha), this, target);

            [DllImport(Lib)]
            static extern bool ts_add_(nint a, nint b, Number alpha);
        }

        public Tensor add_(Scalar scalar) { return InPlace(ts_add_s_(Handle, scalar), this); [DllImport(Lib)] static extern bool ts_add_s_(nint a, Number b); }

        internal Tensor sub(Tensor target)
        {
            return Result(ts_sub(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_sub(nint a, nint b);
        }

        internal Tensor sub(Scalar target) { return Result(ts_sub_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_sub_s(nint a, Number b); }

        public Tensor sub_(Tensor target)
        {
            return InPlace(ts_sub_(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern bool ts_sub_(nint a, nint b);
        }

        public Tensor sub_(Scalar target) { return InPlace(ts_sub_s_(Handle, target), this); [DllImport(Lib)] static extern bool ts_sub_s_(nint a, Number b); }

        public Tensor mul(Tensor target)
        {
            return Result(ts_mul(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_mul(nint a, nint b);
        }

        public Tensor mul(Scalar target) { return Result(ts_mul_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_mul_s(nint a, Number b); }

        public Tensor mul_(Tensor target)
        {
            return InPlace(ts_mul_(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern bool ts_mul_(nint a, nint b);
        }

        public Tensor mul_(Scalar target) { return InPlace(ts_mul_s_(Handle, target), this); [DllImport(Lib)] static extern bool ts_mul_s_(nint a, Number b); }

        internal Tensor div(Tensor target)
        {
            return Result(ts_div(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_div(nint a, nint b);
        }

        internal Tensor div(Scalar target) { return Result(ts_div_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_div_s(nint a, Number b); }

        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
        {
            return InPlace(ts_div_(Handle, target.Handle, (int)rounding_mode), this, target);

            [DllImport(Lib)]
            static extern bool ts_div_(nint a, nint b, int mode);
        }

        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
        {
            return InPlace(ts_div_s_(Handle, target, (int)rounding_mode), this);

            [DllImport(Lib)]
            static extern bool ts_div_s_(nint a, Number b, int mode);
        }

        public Tensor pow(Tensor exponent)
        {
            return Result(ts_pow(Handle, exponent.Handle), this, exponent);

            [DllImport(Lib)]
            static extern nint ts_pow(nint a, nint b);
        }

        public Tensor pow(Scalar exponent) { return Result(ts_pow_s(Handle, exponent), this); [DllImport(Lib)] static extern nint ts_pow_s(nint a, Number b); }

        internal Tensor eq(Tensor target)
        {
            return Result(ts_eq(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_eq(nint a, nint b);
        }

        internal Tensor eq(Scalar target) { return Result(ts_eq_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_eq_s(nint a, Number b); }

        internal Tensor ne(Tensor target)
        {
            return Result(ts_ne(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_ne(nint a, nint b);
        }

        public Tensor ne(Scalar target) { return Result(ts_ne_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_ne_s(nint a, Number b); }

        internal Tensor lt(Tensor target)
        {
            return Result(ts_lt(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_lt(nint a, nint b);
        }

        public Tensor lt(Scalar target) { return Result(ts_lt_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_lt_s(nint a, Number b); }

        public Tensor le(Tensor target)
        {
            return Result(ts_le(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_le(nint a, nint b);
        }

        internal Tensor le(Scalar target) { return Result(ts_le_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_le_s(nint a, Number b); }

        public Tensor ge(Tensor target)
        {
            return Result(ts_ge(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_ge(nint a, nint b);
        }

        internal Tensor ge(Scalar target) { return Result(ts_ge_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_ge_s(nint a, Number b); }

        internal Tensor gt(Tensor target)
        {
            return Result(ts_gt(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_gt(nint a, nint b);
        }

        internal Tensor gt(Scalar target) { return Result(ts_gt_s(Handle, target), this); [DllImport(Lib)] static extern nint ts_gt_s(nint a, Number b); }

        internal Tensor maximum(Tensor other)
        {
            return Result(ts_maximum(Handle, other.Handle), this, other);

            [DllImport(Lib)]
            static extern nint ts_maximum(nint a, nint b);
        }

        internal Tensor minimum(Tensor other)
        {
            return Result(ts_minimum(Handle, other.Handle), this, other);

            [DllImport(Lib)]
            static extern nint ts_minimum(nint a, nint b);
        }

        // ---- three and more

        public Tensor lerp(Tensor end, Tensor weight)
        {
            return Result(ts_lerp(Handle, end.Handle, weight.Handle), this, end, weight);

            [DllImport(Lib)]
            static extern nint ts_lerp(nint a, nint end, nint weight);
        }

        public Tensor lerp_(Tensor end, Tensor weight)
        {
            return InPlace(ts_lerp_(Handle, end.Handle, weight.Handle), this, end, weight);

            [DllImport(Lib)]
            static extern bool ts_lerp_(nint a, nint end, nint weight);
        }

        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            return Result(ts_addcmul(Handle, tensor1.Handle, tensor2.Handle, value), this, tensor1, tensor2);

            [DllImport(Lib)]
            static extern nint ts_addcmul(nint a, nint b, nint c, Number value);
        }

        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            return InPlace(ts_addcmul_(Handle, tensor1.Handle, tensor2.Handle, value), this, tensor1, tensor2);

            [DllImport(Lib)]
            static extern bool ts_addcmul_(nint a, nint b, nint c, Number value);
        }

        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            return Result(ts_addcdiv(Handle, tensor1.Handle, tensor2.Handle, value), this, tensor1, tensor2);

            [DllImport(Lib)]
            static extern nint ts_addcdiv(nint a, nint b, nint c, Number value);
        }

        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            return InPlace(ts_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, value), this, tensor1, tensor2);

            [DllImport(Lib)]
            static extern bool ts_addcdiv_(nint a, nint b, nint c, Number value);
        }

        /// <summary>The elements of this where <paramref name="condition"/> holds, and of <paramref name="y"/> elsewhere.</summary>
        internal Tensor where(Tensor condition, Tensor y)
        {
            return Result(ts_where(condition.Handle, Handle, y.Handle), this, condition, y);

            [DllImport(Lib)]
            static extern nint ts_where(nint condition, nint a, nint b);
        }

        /// <summary><paramref name="value"/> where <paramref name="mask"/> holds, and the elements of this elsewhere.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value)
        {
            return Result(ts_masked_fill(Handle, mask.Handle, value), this, mask);

            [DllImport(Lib)]
            static extern nint ts_masked_fill(nint a, nint mask, Number value);
        }

        // ---- operators

        public static Tensor operator +(Tensor left, Tensor right) => left.add(right);
        public static Tensor operator +(Tensor left, int right) => left.add(right);
        public static Tensor operator +(Tensor left, long right) => left.add(right);
        public static Tensor operator +(Tensor left, float right) => left.add(right);
        public static Tensor operator +(Tensor left, double right) => left.add(right);
        public static Tensor operator -(Tensor left, Tensor right) => left.sub(right);
        public static Tensor operator -(Tensor left, int right) => left.sub(right);
        public static Tensor operator -(Tensor left, long right) => left.sub(right);
        public static Tensor operator -(Tensor left, float right) => left.sub(right);
        public static Tensor operator -(Tensor left, double right) => left.sub(right);
        public static Tensor operator *(Tensor left, Tensor right) => left.mul(right);
        public static Tensor operator *(Tensor left, int right) => left.mul(right);
        public static Tensor operator *(Tensor left, long right) => left.mul(right);
        public static Tensor operator *(Tensor left, float right) => left.mul(right);
        public static Tensor operator *(Tensor left, double right) => left.mul(right);
        public static Tensor operator /(Tensor left, Tensor right) => left.div(right);
        public static Tensor operator /(Tensor left, int right) => left.div(right);
        public static Tensor operator /(Tensor left, long right) => left.div(right);
        public static Tensor operator /(Tensor left, float right) => left.div(right);
        public static Tensor operator /(Tensor left, double right) => left.div(right);
        public static Tensor operator +(int left, Tensor right) => right.add(left);
        public static Tensor operator +(long left, Tensor right) => right.add(left);
        public static Tensor operator +(float left, Tensor right) => right.add(left);
        public static Tensor operator +(double left, Tensor right) => right.add(left);
        public static Tensor operator -(int left, Tensor right) => right.neg().add(left);
        public static Tensor operator -(long left, Tensor right) => right.neg().add(left);
        public static Tensor operator -(float left, Tensor right) => right.neg().add(left);
        public static Tensor operator -(double left, Tensor right) => right.neg().add(left);
        public static Tensor operator *(int left, Tensor right) => right.mul(left);
        public static Tensor operator *(long left, Tensor right) => right.mul(left);
        public static Tensor operator *(float left, Tensor right) => right.mul(left);
        public static Tensor operator *(double left, Tensor right) => right.mul(left);
        public static Tensor operator /(int left, Tensor right) => right.reciprocal().mul(left);
        public static Tensor operator /(long left, Tensor right) => right.reciprocal().mul(left);
        public static Tensor operator /(float left, Tensor right) => right.reciprocal().mul(left);
        public static Tensor operator /(double left, Tensor right) => right.reciprocal().mul(left);
        public static Tensor operator -(Tensor tensor) => tensor.neg();
        public static Tensor operator ==(Tensor left, Tensor right) => left.eq(right);
        public static Tensor operator ==(Tensor left, Scalar right) => left.eq(right);
        public static Tensor operator !=(Tensor left, Tensor right) => left.ne(right);
        public static Tensor operator !=(Tensor left, Scalar right) => left.ne(right);
        public static Tensor operator <(Tensor left, Tensor right) => left.lt(right);
        public static Tensor operator <(Tensor left, Scalar right) => left.lt(right);
        public static Tensor operator >(Tensor left, Tensor right) => left.gt(right);
        public static Tensor operator >(Tensor left, Scalar right) => left.gt(right);
        public static Tensor operator <=(Tensor left, Tensor right) => left.le(right);
        public static Tensor operator <=(Tensor left, Scalar right) => left.le(right);
        public static Tensor operator >=(Tensor left, Tensor right) => left.ge(right);
        public static Tensor operator >=(Tensor left, Scalar right) => left.ge(right);

        private static int Type(ScalarType? type) => type is { } given ? (int)given : -1;

        private static nint Of(Generator? generator) => generator?.Handle ?? 0;
    }
}
