using System.Globalization;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>Modules one after another.</summary>
    public class Sequential : nn.Module<Tensor, Tensor>
    {
        private readonly List<(string Name, nn.Module<Tensor, Tensor> Module)> _modules;

        internal Sequential(IEnumerable<(string, nn.Module<Tensor, Tensor>)> modules)
            : base(nameof(Sequential)) => _modules = [.. modules];

        public override IEnumerable<(string name, nn.Module module)> named_children() => _modules.Select(item => (item.Name, (nn.Module)item.Module));

        /// <summary>What passes between the modules is freed on the way, but for what the graph keeps.</summary>
        public override Tensor forward(Tensor tensor)
        {
            if (_modules.Count == 0)
                return tensor.alias();
            Tensor result = tensor;
            foreach (var (_, module) in _modules)
            {
                Tensor before = result;
                result = module.call(before);
                if (!ReferenceEquals(before, tensor) && !ReferenceEquals(before, result))
                    before.Dispose();
            }

            return result;
        }
    }
}

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            public static Sequential Sequential() => new([]);

            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) =>
                new(modules.Select((module, i) => (i.ToString(CultureInfo.InvariantCulture), module)));

            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) => new(modules);
        }
    }
}
