using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>A module that has nothing to train.</summary>
    public abstract class ParameterLessModule<T1, TResult> : nn.Module<T1, TResult>
    {
        private protected ParameterLessModule(string name)
            : base(name)
        {
        }
    }

    public sealed class ReLU : ParameterLessModule<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal ReLU(bool inplace)
            : base(nameof(ReLU)) => _inplace = inplace;

        public override Tensor forward(Tensor tensor) => nn.functional.relu(tensor, _inplace);
    }

    public sealed class SELU : ParameterLessModule<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal SELU(bool inplace)
            : base(nameof(SELU)) => _inplace = inplace;

        public override Tensor forward(Tensor tensor) => nn.functional.selu(tensor, _inplace);
    }

    public sealed class SiLU : ParameterLessModule<Tensor, Tensor>
    {
        internal SiLU()
            : base(nameof(SiLU))
        {
        }

        public override Tensor forward(Tensor tensor) => tensor.silu();
    }

    public sealed class Tanh : ParameterLessModule<Tensor, Tensor>
    {
        internal Tanh()
            : base(nameof(Tanh))
        {
        }

        public override Tensor forward(Tensor tensor) => tensor.tanh();
    }

    public sealed class Sigmoid : ParameterLessModule<Tensor, Tensor>
    {
        internal Sigmoid()
            : base(nameof(Sigmoid))
        {
        }

        public override Tensor forward(Tensor tensor) => tensor.sigmoid();
    }

    public sealed class GELU : ParameterLessModule<Tensor, Tensor>
    {
        internal GELU()
            : base(nameof(GELU))
        {
        }

        public override Tensor forward(Tensor tensor) => tensor.gelu();
    }

    public sealed class LeakyReLU : ParameterLessModule<Tensor, Tensor>
    {
        private readonly double _slope;
        private readonly bool _inplace;

        internal LeakyReLU(double slope, bool inplace)
            : base(nameof(LeakyReLU)) => (_slope, _inplace) = (slope, inplace);

        public override Tensor forward(Tensor tensor) => nn.functional.leaky_relu(tensor, _slope, _inplace);
    }

    public sealed class ELU : ParameterLessModule<Tensor, Tensor>
    {
        private readonly double _alpha;
        private readonly bool _inplace;

        internal ELU(double alpha, bool inplace)
            : base(nameof(ELU)) => (_alpha, _inplace) = (alpha, inplace);

        public override Tensor forward(Tensor tensor) => nn.functional.elu(tensor, _alpha, _inplace);
    }

    public sealed class Softplus : ParameterLessModule<Tensor, Tensor>
    {
        private readonly double _beta, _threshold;

        internal Softplus(double beta, double threshold)
            : base(nameof(Softplus)) => (_beta, _threshold) = (beta, threshold);

        public override Tensor forward(Tensor tensor) => nn.functional.softplus(tensor, _beta, _threshold);
    }

    public sealed class Identity : ParameterLessModule<Tensor, Tensor>
    {
        internal Identity()
            : base(nameof(Identity))
        {
        }

        public override Tensor forward(Tensor tensor) => tensor.alias();
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static ReLU ReLU(bool inplace = false) => new(inplace);

            public static LeakyReLU LeakyReLU(double negative_slope = 0.01, bool inplace = false) => new(negative_slope, inplace);

            public static ELU ELU(double alpha = 1, bool inplace = false) => new(alpha, inplace);

            public static SELU SELU(bool inplace = false) => new(inplace);

            public static GELU GELU() => new();

            public static SiLU SiLU() => new();

            public static Tanh Tanh() => new();

            public static Sigmoid Sigmoid() => new();

            public static Softplus Softplus(double beta = 1, double threshold = 20) => new(beta, threshold);

            public static Identity Identity() => new();
        }
    }
}
