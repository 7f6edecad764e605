using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

// PyTorch's functions on tensors. Most are a tensor's own, by another way in.
public static unsafe partial class torch
{
    public static Tensor sigmoid(Tensor input) => input.sigmoid();
    public static Tensor tanh(Tensor input) => input.tanh();
    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);
    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => x.where(condition, y);
    public static Tensor matmul(Tensor input, Tensor target) => input.matmul(target);
    public static Tensor bmm(Tensor input, Tensor batch2) => input.bmm(batch2);
    public static Tensor bernoulli(Tensor input, Generator? generator = null) => input.bernoulli(generator);

    public static Tensor cat(Tensor[] tensors, long dim = 0) => cat(tensors.AsSpan(), dim);
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => cat([.. tensors], dim);
    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0)
    {
        Tensor[] parts = tensors.ToArray();
        nint[] handles = Handles(parts);
        fixed (nint* h = handles)
            return Result(ts_cat(h, handles.Length, dim), parts);

        [DllImport(Lib)]
        static extern nint ts_cat(nint* tensors, int n, long dim);
    }

    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        nint[] handles = Handles(tensors);
        fixed (nint* h = handles)
            return Result(ts_stack(h, handles.Length, dim), tensors);

        [DllImport(Lib)]
        static extern nint ts_stack(nint* tensors, int n, long dim);
    }

    /// <summary>Linear algebra.</summary>
    public static class linalg
    {
        /// <summary>The singular value decomposition U diag(S) Vh.</summary>
        public static (Tensor U, Tensor S, Tensor Vh) svd(Tensor input, bool fullMatrices = true)
        {
            nint u, s, vh;
            Check(ts_svd(input.Handle, fullMatrices, &u, &s, &vh), input);
            return (new Tensor(u), new Tensor(s), new Tensor(vh));

            [DllImport(Lib)]
            static extern bool ts_svd(nint a, bool full, nint* u, nint* s, nint* vh);
        }
    }
}
