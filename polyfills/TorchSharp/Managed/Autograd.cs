using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Derivatives.</summary>
    public static unsafe class autograd
    {
        /// <summary>The gradients of outputs with respect to inputs.</summary>
        /// <param name="grad_outputs">What each output's gradient is multiplied with; may be left out for scalars.</param>
        /// <param name="retain_graph">Keeps the graph for another pass. Unlike PyTorch's default, it does not follow <paramref name="create_graph"/>.</param>
        /// <param name="create_graph">Records how the gradients come about, for gradients of theirs.</param>
        /// <param name="allow_unused">Gives an invalid tensor for an input that no output depends on, rather than an error.</param>
        public static IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            nint[] of = Handles(outputs), by = Handles(inputs), seeds = Handles(grad_outputs), results = new nint[by.Length];
            fixed (nint* o = of, b = by, s = seeds, r = results)
                Check(
                    ts_autograd_grad(o, of.Length, b, by.Length, s, seeds.Length, retain_graph, create_graph, allow_unused, r),
                    outputs, inputs, grad_outputs);
            return Array.ConvertAll(results, handle => new Tensor(handle)).ToList();

            [DllImport(Lib)]
            static extern bool ts_autograd_grad(
                nint* outputs, int no, nint* inputs, int ni, nint* gradients, int ng, bool retain, bool create, bool unused, nint* results);
        }

        /// <summary>Adds the gradients of <paramref name="tensors"/> to the leaves of their graph, or to <paramref name="inputs"/> alone.</summary>
        internal static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            nint[] of = Handles(tensors), seeds = Handles(grad_tensors), by = Handles(inputs);
            fixed (nint* o = of, s = seeds, b = by)
                Check(ts_backward(o, of.Length, s, seeds.Length, retain_graph ?? create_graph, create_graph, b, by.Length), tensors, grad_tensors, inputs);

            [DllImport(Lib)]
            static extern bool ts_backward(nint* outputs, int no, nint* gradients, int ng, bool retain, bool create, nint* inputs, int ni);
        }

        public static void backward(
            Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            backward([tensor], grad_tensors, retain_graph, create_graph, inputs);
    }
}
