using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

/// <summary>PyTorch's top level: what concerns the process and the thread. Its other parts are in files of their own.</summary>
public static partial class torch
{
    static torch() => Load();

    /// <summary>Opens a scope that owns the tensors this thread makes from here on.</summary>
    public static DisposeScope NewDisposeScope() => new();

    public static unsafe int get_num_threads()
    {
        int count;
        Check(ts_get_num_threads(&count));
        return count;

        [DllImport(Lib)]
        static extern bool ts_get_num_threads(int* result);
    }

    /// <summary>Sets how many threads the process's operators use within themselves.</summary>
    public static void set_num_threads(int num)
    {
        Check(ts_set_num_threads(num));

        [DllImport(Lib)]
        static extern bool ts_set_num_threads(int count);
    }

    /// <summary>Stops this thread's recording of gradients until the result is disposed.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    public static bool is_grad_enabled() => GradMode.Enabled;

    internal static bool is_floating_point(ScalarType type) =>
        type is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;

    private sealed class GradMode : IDisposable
    {
        private readonly bool _before = Enabled;

        public GradMode(bool enabled) => Enabled = enabled;

        public static bool Enabled
        {
            get
            {
                return ts_grad_enabled();

                [DllImport(Lib), SuppressGCTransition]
                static extern bool ts_grad_enabled();
            }
            private set
            {
                ts_set_grad_enabled(value);

                [DllImport(Lib), SuppressGCTransition]
                static extern void ts_set_grad_enabled(bool enabled);
            }
        }

        public void Dispose() => Enabled = _before;
    }

    /// <summary>NVIDIA's devices.</summary>
    public static class cuda
    {
        public static bool is_available() => device_count() > 0;

        public static unsafe int device_count()
        {
            int count;
            Check(ts_cuda_device_count(&count));
            return count;

            [DllImport(Lib)]
            static extern bool ts_cuda_device_count(int* result);
        }
    }
}
