using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>x W^T + b, with PyTorch's initial weights.</summary>
    public sealed class Linear : nn.Module<Tensor, Tensor>
    {
        private Parameter? _weight, _bias;

        internal Linear(long inputs, long outputs, bool hasBias, Device? device, ScalarType? dtype)
            : base(nameof(Linear))
        {
            // Uniform with the variance gain^2 / inputs (He et al., 2015, equation 14), with the gain of a leaky ReLU of slope sqrt(5).
            double slope = Math.Sqrt(5), deviation = Math.Sqrt(2 / (1 + (slope * slope))) / Math.Sqrt(inputs);
            weight = Uniform([outputs, inputs], Math.Sqrt(3) * deviation);
            if (hasBias)
                bias = Uniform([outputs], inputs > 0 ? 1 / Math.Sqrt(inputs) : 0);

            Parameter Uniform(ReadOnlySpan<long> shape, double bound) => new(empty(shape, dtype, device).uniform_(-bound, bound));
        }

        /// <summary>[outputs, inputs]. Setting it frees the one before.</summary>
        public Parameter weight
        {
            get => _weight!;
            set => Set(nameof(weight), ref _weight, value);
        }

        /// <summary>[outputs], or null.</summary>
        public Parameter? bias
        {
            get => _bias;
            set => Set(nameof(bias), ref _bias, value);
        }

        public override Tensor forward(Tensor tensor) => nn.functional.linear(tensor, weight, bias);

        private void Set(string name, ref Parameter? place, Parameter? value)
        {
            if (ReferenceEquals(place, value))
                return;
            place?.Dispose();
            place = value;
            value?.DetachFromDisposeScope();
            Replace(name, value);
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null) =>
                new(inputSize, outputSize, hasBias, device, dtype);

            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
