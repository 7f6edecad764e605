using System.Runtime.InteropServices;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Seeds the process-wide generator, and returns it.</summary>
    public static Generator manual_seed(long seed)
    {
        Check(ts_manual_seed(seed));
        return Generator.Default;

        [DllImport(Lib)]
        static extern bool ts_manual_seed(long seed);
    }

    /// <summary>A source of random numbers of its own.</summary>
    public class Generator : IDisposable
    {
        private nint _handle;

        public Generator(ulong seed = 0, Device? device = null)
        {
            if (device is { type: not DeviceType.CPU })
                throw new NotSupportedException("This TorchSharp makes generators for the CPU only.");
            _handle = ts_generator(seed);
            if (_handle == 0)
                Throw();

            [DllImport(Lib)]
            static extern nint ts_generator(ulong seed);
        }

        private Generator(nint handle) => _handle = handle;

        ~Generator() => Free();

        /// <summary>The process-wide generator.</summary>
        public static Generator Default
        {
            get
            {
                return new(ts_default_generator());

                [DllImport(Lib)]
                static extern nint ts_default_generator();
            }
        }

        public Device device { get; } = CPU;

        internal nint Handle => _handle;

        public Generator manual_seed(long seed)
        {
            Check(ts_generator_seed(_handle, seed), this);
            return this;

            [DllImport(Lib)]
            static extern bool ts_generator_seed(nint generator, long seed);
        }

        public unsafe long initial_seed()
        {
            long seed;
            Check(ts_generator_initial_seed(_handle, &seed), this);
            return seed;

            [DllImport(Lib)]
            static extern bool ts_generator_initial_seed(nint generator, long* result);
        }

        public Tensor get_state()
        {
            return Result(ts_generator_state(_handle), this);

            [DllImport(Lib)]
            static extern nint ts_generator_state(nint generator);
        }

        public void set_state(Tensor value)
        {
            Check(ts_generator_set_state(_handle, value.Handle), this, value);

            [DllImport(Lib)]
            static extern bool ts_generator_set_state(nint generator, nint state);
        }

        public void Dispose()
        {
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle != 0)
                ts_generator_free(handle);

            [DllImport(Lib)]
            static extern bool ts_generator_free(nint generator);
        }
    }
}
