using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.Native;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>Kingma and Ba (2015), algorithm 1; <c>weight_decay</c> is added to the gradient.</summary>
    public class Adam : OptimizerHelper
    {
        private readonly AdamState _state;

        internal Adam(
            IEnumerable<Parameter> parameters,
            double lr, double beta1, double beta2,
            double eps, double weight_decay, bool amsgrad, bool maximize)
            : base(parameters, lr) => _state = new(Group, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled: false);

        private protected override void Step() => _state.Step(Group);

        private protected override void Dispose(bool disposing)
        {
            if (disposing)
                _state.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Loshchilov and Hutter (2019): Adam whose decay shrinks the parameters themselves.</summary>
    public class AdamW : OptimizerHelper
    {
        private readonly AdamState _state;

        internal AdamW(
            IEnumerable<Parameter> parameters,
            double lr, double beta1, double beta2,
            double eps, double weight_decay, bool amsgrad, bool maximize)
            : base(parameters, lr) => _state = new(Group, beta1, beta2, eps, weight_decay, amsgrad, maximize, decoupled: true);

        private protected override void Step() => _state.Step(Group);

        private protected override void Dispose(bool disposing)
        {
            if (disposing)
                _state.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>The moments of every parameter's gradients, and the step that one native call makes with them.</summary>
    internal sealed unsafe class AdamState : IDisposable
    {
        private readonly Tensor[] _means, _squares, _largest;
        private readonly long[] _steps;
        private Settings _settings;

        public AdamState(ParamGroup group, double beta1, double beta2, double eps, double decay, bool amsgrad, bool maximize, bool decoupled)
        {
            if (eps < 0)
                throw new ArgumentException($"Invalid \u03b5: {eps}");
            if (beta1 is < 0 or >= 1)
                throw new ArgumentException($"Invalid beta1: {beta1}");
            if (beta2 is < 0 or >= 1)
                throw new ArgumentException($"Invalid beta2: {beta2}");
            if (decay < 0)
                throw new ArgumentException($"Invalid weight_decay value: {decay}");
            _settings = new()
            {
                Beta1 = beta1, Beta2 = beta2, Epsilon = eps, Decay = decay,
                Amsgrad = amsgrad ? 1 : 0, Maximize = maximize ? 1 : 0, Decoupled = decoupled ? 1 : 0,
            };
            _steps = new long[group.Items.Length];
            _means = Zeros(group);
            _squares = Zeros(group);
            _largest = amsgrad ? Zeros(group) : [];
        }

        public void Step(ParamGroup group)
        {
            _settings.Rate = group.LearningRate;
            nint[] parameters = Handles(group.Items), means = Handles(_means), squares = Handles(_squares), largest = Handles(_largest);
            fixed (nint* p = parameters, m = means, s = squares, l = largest)
            fixed (long* steps = _steps)
            fixed (Settings* settings = &_settings)
                Check(ts_adam(p, m, s, l, steps, parameters.Length, settings), this, group);

            [DllImport(Lib)]
            static extern bool ts_adam(nint* parameters, nint* means, nint* squares, nint* largest, long* steps, int n, Settings* settings);
        }

        public void Dispose()
        {
            foreach (Tensor tensor in _means.Concat(_squares).Concat(_largest))
                tensor.Dispose();
        }

        private static Tensor[] Zeros(ParamGroup group) => Array.ConvertAll(group.Items, parameter => zeros_like(parameter).DetachFromDisposeScope());

        private struct Settings
        {
            public double Rate, Beta1, Beta2, Epsilon, Decay;
            public int Amsgrad, Maximize, Decoupled;
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static Adam Adam(
                IEnumerable<Parameter> parameters,
                double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

            public static AdamW AdamW(
                IEnumerable<Parameter> parameters,
                double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999,
                double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) =>
                new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);
        }
    }
}
