using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    // Matrix products, shapes, and parts of tensors.
    public unsafe partial class Tensor
    {
        public Tensor matmul(Tensor target)
        {
            return Result(ts_matmul(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_matmul(nint a, nint b);
        }

        public Tensor mm(Tensor target)
        {
            return Result(ts_mm(Handle, target.Handle), this, target);

            [DllImport(Lib)]
            static extern nint ts_mm(nint a, nint b);
        }

        public Tensor bmm(Tensor batch2)
        {
            return Result(ts_bmm(Handle, batch2.Handle), this, batch2);

            [DllImport(Lib)]
            static extern nint ts_bmm(nint a, nint b);
        }

        public Tensor t() { return Result(ts_t(Handle), this); [DllImport(Lib)] static extern nint ts_t(nint a); }

        public Tensor transpose(long dim0, long dim1)
        {
            return Result(ts_transpose(Handle, dim0, dim1), this);

            [DllImport(Lib)]
            static extern nint ts_transpose(nint a, long dim0, long dim1);
        }

        public Tensor permute(params long[] permutation)
        {
            fixed (long* s = permutation)
                return Result(ts_permute(Handle, s, permutation.Length), this);

            [DllImport(Lib)]
            static extern nint ts_permute(nint a, long* s, int n);
        }

        public Tensor reshape(params long[] shape)
        {
            fixed (long* s = shape)
                return Result(ts_reshape(Handle, s, shape.Length), this);

            [DllImport(Lib)]
            static extern nint ts_reshape(nint a, long* s, int n);
        }

        public Tensor view(params long[] shape)
        {
            fixed (long* s = shape)
                return Result(ts_view(Handle, s, shape.Length), this);

            [DllImport(Lib)]
            static extern nint ts_view(nint a, long* s, int n);
        }

        public Tensor expand(params long[] sizes) => expand(sizes.AsSpan());

        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false)
        {
            fixed (long* s = sizes)
                return Result(ts_expand(Handle, s, sizes.Length, isImplicit), this);

            [DllImport(Lib)]
            static extern nint ts_expand(nint a, long* s, int n, bool isImplicit);
        }

        public Tensor repeat(params long[] sizes)
        {
            fixed (long* s = sizes)
                return Result(ts_repeat(Handle, s, sizes.Length), this);

            [DllImport(Lib)]
            static extern nint ts_repeat(nint a, long* s, int n);
        }

        /// <summary>Each element <paramref name="repeats"/> times in a row; without <paramref name="dim"/>, of the flattened tensor.</summary>
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null)
        {
            return Result(ts_repeat_interleave(Handle, repeats, Number.Maybe(dim), Number.Maybe(output_size)), this);

            [DllImport(Lib)]
            static extern nint ts_repeat_interleave(nint a, long repeats, Number dim, Number size);
        }

        public Tensor flatten(long start_dim = 0, long end_dim = -1)
        {
            return Result(ts_flatten(Handle, start_dim, end_dim), this);

            [DllImport(Lib)]
            static extern nint ts_flatten(nint a, long start, long end);
        }

        public Tensor squeeze(long? dim = null)
        {
            return Result(dim is { } given ? ts_squeeze_dim(Handle, given) : ts_squeeze(Handle), this);

            [DllImport(Lib)]
            static extern nint ts_squeeze(nint a);
            [DllImport(Lib)]
            static extern nint ts_squeeze_dim(nint a, long dim);
        }

        public Tensor unsqueeze(long dim)
        {
            return Result(ts_unsqueeze(Handle, dim), this);

            [DllImport(Lib)]
            static extern nint ts_unsqueeze(nint a, long dim);
        }

        public Tensor narrow(long dim, long start, long length)
        {
            return Result(ts_narrow(Handle, dim, start, length), this);

            [DllImport(Lib)]
            static extern nint ts_narrow(nint a, long dim, long start, long length);
        }

        public Tensor slice(long dim, long start, long finish, long step)
        {
            return Result(ts_slice(Handle, dim, start, finish, step), this);

            [DllImport(Lib)]
            static extern nint ts_slice(nint a, long dim, long start, long finish, long step);
        }

        public Tensor index_select(long dim, Tensor index)
        {
            return Result(ts_index_select(Handle, dim, index.Handle), this, index);

            [DllImport(Lib)]
            static extern nint ts_index_select(nint a, long dim, nint index);
        }

        public Tensor gather(long dim, Tensor index)
        {
            return Result(ts_gather(Handle, dim, index.Handle), this, index);

            [DllImport(Lib)]
            static extern nint ts_gather(nint a, long dim, nint index);
        }

        // ---- indexers

        internal Tensor index(params TensorIndex[] indices)
        {
            Axis* items = stackalloc Axis[indices.Length];
            for (int i = 0; i < indices.Length; i++)
                items[i] = indices[i].Axis;
            return Result(ts_index(Handle, items, indices.Length), this, indices);

            [DllImport(Lib)]
            static extern nint ts_index(nint a, Axis* indices, int n);
        }

        internal Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            Axis* items = stackalloc Axis[indices.Length];
            for (int i = 0; i < indices.Length; i++)
                items[i] = indices[i].Axis;
            return InPlace(ts_index_put_(Handle, items, indices.Length, value.Handle), this, value, indices);

            [DllImport(Lib)]
            static extern bool ts_index_put_(nint a, Axis* indices, int n, nint value);
        }

        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>Rows and columns at the places that index tensors give.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(Array.ConvertAll(indices, TensorIndex.Tensor));
            set => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => index(TensorIndex.Single(i1));
            set => index_put_(value, TensorIndex.Single(i1));
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index(TensorIndex.Single(i1), TensorIndex.Single(i2));
            set => index_put_(value, TensorIndex.Single(i1), TensorIndex.Single(i2));
        }
    }

    /// <summary>One axis of an indexer: a number, a slice, a new axis, a tensor.</summary>
    public struct TensorIndex
    {
        private readonly Tensor? _tensor;
        private readonly Axis _axis;

        private TensorIndex(long kind, long start = 0, long stop = 0, long step = 1, Tensor? tensor = null)
        {
            _axis = new() { Kind = kind, Start = start, Stop = stop, Step = step };
            _tensor = tensor;
        }

        public static TensorIndex Colon = Slice();
        public static TensorIndex Ellipsis = new(Axis.Ellipsis);
        public static TensorIndex None = new(Axis.NewAxis);

        internal readonly Axis Axis
        {
            get
            {
                Axis axis = _axis;
                axis.Handle = _tensor?.Handle ?? 0;
                return axis;
            }
        }

        /// <summary>From <paramref name="start"/> up to, not including, <paramref name="stop"/>; null for the axis's own ends.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new(Axis.Slice, start ?? (step < 0 ? long.MaxValue : 0), stop ?? (step < 0 ? long.MinValue : long.MaxValue), step ?? 1);

        public static TensorIndex Single(long? index) => new(Axis.Single, index ?? 0);

        internal static TensorIndex Tensor(Tensor tensor) => new(Axis.Tensor, tensor: tensor);
    }
}
