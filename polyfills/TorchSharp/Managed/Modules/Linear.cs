using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>x W^T + b, with PyTorch's initial weights.</summary>
    public sealed class Linear : nn.Module<Tensor, Tensor>
    {
        private Parameter? _weight, _bias;

        internal Linear(Parameter weight, Parameter? bias)
            : base(nameof(Linear))
        {
            (in_features, out_features) = (weight.shape[1], weight.shape[0]);
            (this.weight, this.bias) = (weight, bias);
        }

        internal Linear(long inputs, long outputs, bool hasBias, Device? device, ScalarType? dtype)
            : base(nameof(Linear))
        {
            (in_features, out_features) = (inputs, outputs);
            weight = empty(outputs, inputs, dtype, device).AsParameter();
            nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
            if (!hasBias)
                return;
            bias = empty(outputs, dtype, device).AsParameter();
            double bound = inputs > 0 ? 1 / Math.Sqrt(inputs) : 0;
            nn.init.uniform_(bias, -bound, bound);
        }

        public long in_features { get; }

        public long out_features { get; }

        /// <summary>[out_features, in_features]. Setting it frees the one before.</summary>
        public Parameter weight
        {
            get => _weight!;
            set => Set(nameof(weight), ref _weight, value);
        }

        /// <summary>[out_features], or null.</summary>
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

            public static Linear Linear(Parameter weight, Parameter? bias = null) => new(weight, bias);

            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}
