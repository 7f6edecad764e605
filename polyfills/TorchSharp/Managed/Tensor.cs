using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp.Utils;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>libtorch's tensor: what it is, its memory, its place in scopes. Its operators are in files of their own.</summary>
    public partial class Tensor : IDisposable
    {
        private static long s_count;
        private nint _handle;

        internal Tensor(nint handle, bool register = true)
        {
            _handle = handle;
            Interlocked.Increment(ref s_count);
            if (register)
                DisposeScope.Current?.Link(this);
        }

        ~Tensor() => Free();

        /// <summary>How many tensors the process holds.</summary>
        public static long TotalCount => Interlocked.Read(ref s_count);

        internal nint Handle => _handle != 0 ? _handle : throw new InvalidOperationException("Tensor invalid -- empty handle.");

        /// <summary>Whether the tensor has been disposed, or given to a parameter.</summary>
        public bool IsInvalid => _handle == 0;

        /// <summary>The scope that frees this tensor, and its neighbours there.</summary>
        internal DisposeScope? OwningDisposeScope { get; set; }

        internal Tensor? PreviousInScope { get; set; }

        internal Tensor? NextInScope { get; set; }

        public void Dispose()
        {
            // The finalizer's thread leaves scopes alone: one that could still free this tensor would have kept it from being collected.
            OwningDisposeScope?.Unlink(this);
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            nint handle = MoveHandle();
            if (handle != 0)
                ts_free(handle);

            [DllImport(Lib)]
            static extern bool ts_free(nint a);
        }

        /// <summary>Takes the native tensor out of this object, which becomes invalid.</summary>
        internal nint MoveHandle()
        {
            nint handle = Interlocked.Exchange(ref _handle, 0);
            if (handle != 0)
                Interlocked.Decrement(ref s_count);
            return handle;
        }

        /// <summary>Lets the tensor outlive every scope.</summary>
        public Tensor DetachFromDisposeScope()
        {
            OwningDisposeScope?.MoveToOther(null, this);
            return this;
        }

        /// <summary>Gives the tensor to the scope around its own.</summary>
        public Tensor MoveToOuterDisposeScope()
        {
            OwningDisposeScope?.MoveToOuter(this);
            return this;
        }

        // ---- what it is

        internal long Dimensions
        {
            get
            {
                return ts_dim(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern long ts_dim(nint a);
            }
        }

        public long numel()
        {
            return ts_numel(Handle);

            [DllImport(Lib), SuppressGCTransition]
            static extern long ts_numel(nint a);
        }

        public ScalarType dtype
        {
            get
            {
                return (ScalarType)ts_dtype(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern int ts_dtype(nint a);
            }
        }

        public Device device => device_type == DeviceType.CPU ? CPU : new Device(device_type, device_index);

        internal DeviceType device_type
        {
            get
            {
                return (DeviceType)ts_device_type(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern int ts_device_type(nint a);
            }
        }

        internal int device_index
        {
            get
            {
                return ts_device_index(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern int ts_device_index(nint a);
            }
        }

        public unsafe long[] shape
        {
            get
            {
                long[] sizes = new long[Dimensions];
                fixed (long* s = sizes)
                    ts_sizes(Handle, s);
                return sizes;

                [DllImport(Lib), SuppressGCTransition]
                static extern void ts_sizes(nint a, long* result);
            }
        }

        public unsafe long size(int dim)
        {
            long result;
            Check(ts_size(Handle, dim, &result), this);
            return result;

            [DllImport(Lib)]
            static extern bool ts_size(nint a, long dim, long* result);
        }

        public unsafe long[] stride()
        {
            long[] strides = new long[Dimensions];
            fixed (long* s = strides)
                ts_strides(Handle, s);
            return strides;

            [DllImport(Lib), SuppressGCTransition]
            static extern void ts_strides(nint a, long* result);
        }

        public bool is_contiguous()
        {
            return ts_is_contiguous(Handle);

            [DllImport(Lib), SuppressGCTransition]
            static extern bool ts_is_contiguous(nint a);
        }

        /// <summary>Whether two tensors have the same shape and elements.</summary>
        public unsafe bool Equals(Tensor? target)
        {
            if (target is null)
                return false;
            bool result;
            Check(ts_equal(Handle, target.Handle, &result), this, target);
            return result;

            [DllImport(Lib)]
            static extern bool ts_equal(nint a, nint b, bool* result);
        }

        public override bool Equals(object? obj) => obj is Tensor tensor && Equals(tensor);

        public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);

        public unsafe bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            bool result;
            Check(ts_allclose(Handle, target.Handle, rtol, atol, equal_nan, &result), this, target);
            return result;

            [DllImport(Lib)]
            static extern bool ts_allclose(nint a, nint b, double rtol, double atol, bool nan, bool* result);
        }

        // ---- its memory

        /// <summary>The tensor's memory itself, not a copy: good for as long as the tensor is.</summary>
        public unsafe Span<byte> bytes
        {
            get
            {
                long size = numel() * SizeOf(dtype);
                if (!is_contiguous())
                    throw new InvalidOperationException("Bytes() called on non-contiguous tensor.");
                if (size > int.MaxValue)
                    throw new ArgumentException("Span only supports up to int.MaxValue elements.");
                return new Span<byte>(DataPointer(), (int)size);
            }

            set
            {
                if (!is_contiguous())
                    throw new InvalidOperationException("SetBytes() called on non-contiguous tensor.");
                if (numel() * SizeOf(dtype) != value.Length)
                    throw new ArgumentException("Mismatched data sizes in SetBytes().");
                value.CopyTo(new Span<byte>(DataPointer(), value.Length));
            }
        }

        /// <summary>The elements in their order, whatever the strides.</summary>
        public TensorAccessor<T> data<T>()
            where T : unmanaged
        {
            Demand(typeof(T));
            return new TensorAccessor<T>(device_type == DeviceType.CPU ? this : cpu());
        }

        /// <summary>The only element.</summary>
        public T item<T>()
            where T : unmanaged
        {
            if (numel() != 1)
                throw new ArgumentException("Number of elements in the tensor must be 1");
            return data<T>()[0];
        }

        internal unsafe Number Item()
        {
            Number result;
            Check(ts_item(Handle, &result), this);
            return result;

            [DllImport(Lib)]
            static extern bool ts_item(nint a, Number* result);
        }

        internal unsafe void* DataPointer()
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException("Reading data from non-CPU memory is not supported. Move or copy the tensor to the cpu before reading.");
            void* result;
            Check(ts_data(Handle, &result), this);
            return result;

            [DllImport(Lib)]
            static extern bool ts_data(nint a, void** result);
        }

        private void Demand(Type type)
        {
            if (type != ManagedType(dtype))
                throw new ArgumentException($"{type.Name} is not compatible with {dtype}");
        }

        // ---- moving and converting

        public Tensor cpu() => To(null, CPU, false, false, false);

        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To(type, null, copy, disposeAfter, non_blocking);

        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To(type, null, copy, disposeAfter, non_blocking);

        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            To(null, InitializeDevice(device), copy, disposeAfter, non_blocking);

        public Tensor clone() { return Result(ts_clone(Handle), this); [DllImport(Lib)] static extern nint ts_clone(nint a); }

        public Tensor detach() { return Result(ts_detach(Handle), this); [DllImport(Lib)] static extern nint ts_detach(nint a); }

        public Tensor contiguous() { return Result(ts_contiguous(Handle), this); [DllImport(Lib)] static extern nint ts_contiguous(nint a); }

        internal Tensor alias() { return Result(ts_alias(Handle), this); [DllImport(Lib)] static extern nint ts_alias(nint a); }

        public Tensor copy_(Tensor source, bool nonBlocking = false)
        {
            return InPlace(ts_copy_(Handle, source.Handle, nonBlocking), this, source);

            [DllImport(Lib)]
            static extern bool ts_copy_(nint a, nint source, bool nonBlocking);
        }

        internal Tensor To(ScalarType? type, Device? device, bool copy, bool disposeAfter, bool nonBlocking)
        {
            device ??= this.device;
            Tensor result = Result(ts_to(Handle, (int)(type ?? dtype), (int)device.type, device.index, copy, nonBlocking), this);
            if (disposeAfter)
                Dispose();
            return result;

            [DllImport(Lib)]
            static extern nint ts_to(nint a, int dtype, int deviceType, int deviceIndex, bool copy, bool nonBlocking);
        }

        /// <summary>Puts this leaf, with its gradient, onto another device or into another type; its handle changes with it.</summary>
        internal void MoveInPlace(Device? device, ScalarType? type)
        {
            if ((type ?? dtype) == dtype && (device is null || (device.type == device_type && (device.index < 0 || device.index == device_index))))
                return;
            using Tensor moved = To(type, device, false, false, false).detach().requires_grad_(requires_grad);
            if (grad is { } before)
            {
                using Tensor after = before.To(type, device, false, disposeAfter: true, false);
                moved.grad = after;
            }

            // What moved holds afterwards, and frees, is the tensor that was here.
            moved._handle = Interlocked.Exchange(ref _handle, moved._handle);
        }

        // ---- gradients

        public bool is_leaf
        {
            get
            {
                return ts_is_leaf(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern bool ts_is_leaf(nint a);
            }
        }

        public bool requires_grad
        {
            get
            {
                return ts_requires_grad(Handle);

                [DllImport(Lib), SuppressGCTransition]
                static extern bool ts_requires_grad(nint a);
            }

            set
            {
                Check(ts_set_requires_grad(Handle, value), this);

                [DllImport(Lib)]
                static extern bool ts_set_requires_grad(nint a, bool value);
            }
        }

        public Tensor requires_grad_(bool requires_grad = true)
        {
            this.requires_grad = requires_grad;
            return this;
        }

        /// <summary>The gradient that has accumulated here, or null.</summary>
        public Tensor? grad
        {
            get
            {
                return Result(ts_grad(Handle), this);

                [DllImport(Lib)]
                static extern nint ts_grad(nint a);
            }

            set
            {
                Check(ts_set_grad(Handle, value?.Handle ?? 0), this, value);

                [DllImport(Lib)]
                static extern bool ts_set_grad(nint a, nint gradient);
            }
        }

        public void backward() => autograd.backward([this], null, false, false, null);

        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        // ---- numbers out of it

        public static explicit operator float(Tensor value) => (float)value.Item().ToDouble();
        public static explicit operator double(Tensor value) => value.Item().ToDouble();
        public static explicit operator int(Tensor value) => checked((int)value.Item().ToInt64());
        public static explicit operator long(Tensor value) => value.Item().ToInt64();

        public override string ToString()
        {
            if (IsInvalid)
                return "[invalid]";
            return $"[{string.Join('x', shape)}], type = {dtype}, device = {device}";
        }
    }

    internal static long SizeOf(ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        ScalarType.ComplexFloat64 => 16,
        _ => 8,
    };

    /// <summary>The element type of arrays that a tensor of <paramref name="type"/> is read into.</summary>
    internal static Type? ManagedType(ScalarType type) => type switch
    {
        ScalarType.Byte => typeof(byte),
        ScalarType.Int8 => typeof(sbyte),
        ScalarType.Int16 => typeof(short),
        ScalarType.Int32 => typeof(int),
        ScalarType.Int64 => typeof(long),
        ScalarType.Bool => typeof(bool),
        ScalarType.Float16 => typeof(Half),
        ScalarType.Float32 => typeof(float),
        ScalarType.Float64 => typeof(double),
        ScalarType.ComplexFloat64 => typeof(System.Numerics.Complex),
        _ => null,
    };
}

/// <summary>Single elements out of tensors, whatever their type.</summary>
public static class TensorExtensionMethods
{
    public static float ToSingle(this torch.Tensor value) => (float)value.Item().ToDouble();

    public static long ToInt64(this torch.Tensor value) => value.Item().ToInt64();
}
