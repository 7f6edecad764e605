using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    // Sums, means, extremes.
    public unsafe partial class Tensor
    {
        public Tensor sum(ScalarType? type = null)
        {
            return Result(ts_sum(Handle, Type(type)), this);

            [DllImport(Lib)]
            static extern nint ts_sum(nint a, int type);
        }

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => sum([dim], keepdim, type);
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => sum(dim.AsSpan(), keepdim, type);
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* d = dim)
                return Result(ts_sum_dim(Handle, d, dim.Length, keepdim, Type(type)), this);

            [DllImport(Lib)]
            static extern nint ts_sum_dim(nint a, long* dims, int count, bool keep, int type);
        }

        public Tensor mean() { return Result(ts_mean(Handle), this); [DllImport(Lib)] static extern nint ts_mean(nint a); }
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null)
        {
            fixed (long* d = dimensions)
                return Result(ts_mean_dim(Handle, d, dimensions.Length, keepdim, Type(type)), this);

            [DllImport(Lib)]
            static extern nint ts_mean_dim(nint a, long* dims, int count, bool keep, int type);
        }

        public Tensor std(bool unbiased = true)
        {
            return Result(ts_std(Handle, unbiased), this);

            [DllImport(Lib)]
            static extern nint ts_std(nint a, bool unbiased);
        }

        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            using Tensor? converted = type is { } other ? to_type(other) : null;
            return Result(ts_std_dim((converted ?? this).Handle, dim, unbiased, keepdim), this, converted);

            [DllImport(Lib)]
            static extern nint ts_std_dim(nint a, long dim, bool unbiased, bool keep);
        }

        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => var([dim], unbiased, keepdim, type);
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            var(dimensions.AsSpan(), unbiased, keepdim, type);
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null)
        {
            using Tensor? converted = type is { } other ? to_type(other) : null;
            fixed (long* d = dimensions)
                return Result(ts_var_dim((converted ?? this).Handle, d, dimensions.Length, unbiased, keepdim), this, converted);

            [DllImport(Lib)]
            static extern nint ts_var_dim(nint a, long* dims, int count, bool unbiased, bool keep);
        }

        public Tensor any() { return Result(ts_any(Handle), this); [DllImport(Lib)] static extern nint ts_any(nint a); }

        public Tensor all() { return Result(ts_all(Handle), this); [DllImport(Lib)] static extern nint ts_all(nint a); }

        public Tensor amin(params long[] dims)
        {
            fixed (long* d = dims)
                return Result(ts_amin(Handle, d, dims.Length), this);

            [DllImport(Lib)]
            static extern nint ts_amin(nint a, long* dims, int count);
        }

        public Tensor amax(params long[] dims)
        {
            fixed (long* d = dims)
                return Result(ts_amax(Handle, d, dims.Length), this);

            [DllImport(Lib)]
            static extern nint ts_amax(nint a, long* dims, int count);
        }

        public Tensor argmax() { return Result(ts_argmax(Handle), this); [DllImport(Lib)] static extern nint ts_argmax(nint a); }

        public Tensor argmin(long dim, bool keepdim = false)
        {
            return Result(ts_argmin_dim(Handle, dim, keepdim), this);

            [DllImport(Lib)]
            static extern nint ts_argmin_dim(nint a, long dim, bool keep);
        }

        public Tensor max() { return Result(ts_max(Handle), this); [DllImport(Lib)] static extern nint ts_max(nint a); }
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false)
        {
            nint values, indexes;
            Check(ts_max_dim(Handle, dim, keepdim, &values, &indexes), this);
            return (new Tensor(values), new Tensor(indexes));

            [DllImport(Lib)]
            static extern bool ts_max_dim(nint a, long dim, bool keep, nint* values, nint* indexes);
        }

        public Tensor min() { return Result(ts_min(Handle), this); [DllImport(Lib)] static extern nint ts_min(nint a); }

        public Tensor norm(float p = 2) { return Result(ts_norm(Handle, p), this); [DllImport(Lib)] static extern nint ts_norm(nint a, float p); }

        public Tensor norm(int dim, bool keepdim = false, float p = 2)
        {
            return Result(ts_norm_dim(Handle, dim, keepdim, p), this);

            [DllImport(Lib)]
            static extern nint ts_norm_dim(nint a, long dim, bool keep, float p);
        }

        public Tensor logsumexp(long dim, bool keepdim = false)
        {
            return Result(ts_logsumexp(Handle, dim, keepdim), this);

            [DllImport(Lib)]
            static extern nint ts_logsumexp(nint a, long dim, bool keep);
        }
    }
}
