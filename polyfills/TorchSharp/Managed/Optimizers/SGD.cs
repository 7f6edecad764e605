using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.Native;

namespace TorchSharp.Modules
{
    /// <summary>Stochastic gradient descent, with momentum.</summary>
    public class SGD : OptimizerHelper
    {
        private readonly nint[] _buffers;
        private Settings _settings;

        internal SGD(
            IEnumerable<Parameter> parameters,
            double lr, double momentum, double dampening, double weight_decay, bool nesterov, bool maximize)
            : base(parameters, lr)
        {
            if (momentum < 0)
                throw new ArgumentException($"Invalid momentum value: {momentum}");
            if (weight_decay < 0)
                throw new ArgumentException($"Invalid weight_decay value: {weight_decay}");
            if (nesterov && (momentum <= 0 || dampening != 0))
                throw new ArgumentException("Nesterov momentum requires a momentum and zero dampening");
            _buffers = new nint[Group.Items.Length];
            _settings = new()
            {
                Momentum = momentum, Dampening = dampening, Decay = weight_decay, Nesterov = nesterov ? 1 : 0, Maximize = maximize ? 1 : 0,
            };
        }

        private protected override unsafe void Step()
        {
            _settings.Rate = Group.LearningRate;
            nint[] parameters = Handles(Group.Items);
            fixed (nint* p = parameters, b = _buffers)
            fixed (Settings* settings = &_settings)
                Check(ts_sgd(p, b, parameters.Length, settings), this);

            [DllImport(Lib)]
            static extern bool ts_sgd(nint* parameters, nint* buffers, int n, Settings* settings);
        }

        /// <summary>The momentum buffers are native alone, so the finalizer frees them too.</summary>
        private protected override void Dispose(bool disposing)
        {
            for (int i = 0; i < (_buffers?.Length ?? 0); i++)
            {
                if (_buffers![i] != 0)
                    new torch.Tensor(_buffers[i], register: false).Dispose();
                _buffers[i] = 0;
            }

            base.Dispose(disposing);
        }

        private struct Settings
        {
            public double Rate, Momentum, Dampening, Decay;
            public int Nesterov, Maximize;
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class optim
        {
            public static SGD SGD(
                IEnumerable<Parameter> parameters,
                double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) =>
                new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);
        }
    }
}
