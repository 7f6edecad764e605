using System.Globalization;
using System.Runtime.CompilerServices;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp.Modules
{
    /// <summary>Modules one after another.</summary>
    public class Sequential : nn.Module<Tensor, Tensor>
    {
        private readonly List<(string Name, nn.IModule<Tensor, Tensor> Module)> _modules = [];

        protected Sequential(params nn.Module<Tensor, Tensor>[] modules)
            : base(nameof(Sequential))
        {
            foreach (nn.Module<Tensor, Tensor> module in modules)
                append(module);
        }

        internal Sequential()
            : base(nameof(Sequential))
        {
        }

        public int Count => _modules.Count;

        [IndexerName("SequentialItems")]
        public nn.IModule<Tensor, Tensor> this[int index] => _modules[index].Module;

        public Sequential append(nn.IModule<Tensor, Tensor> module) => append(Count.ToString(CultureInfo.InvariantCulture), module);

        public Sequential append(string name, nn.IModule<Tensor, Tensor> module)
        {
            _modules.Add((name, module));
            return this;
        }

        public override IEnumerable<(string name, nn.Module module)> named_children() => _modules.Select(item => (item.Name, (nn.Module)item.Module));

        /// <summary>What passes between the modules is freed on the way, but for what the graph keeps.</summary>
        public override Tensor forward(Tensor tensor)
        {
            if (Count == 0)
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
            public static Sequential Sequential() => new();

            public static Sequential Sequential(params Module<Tensor, Tensor>[] modules) => Sequential((IEnumerable<Module<Tensor, Tensor>>)modules);

            public static Sequential Sequential(IEnumerable<Module<Tensor, Tensor>> modules)
            {
                Sequential result = new();
                foreach (Module<Tensor, Tensor> module in modules)
                    result.append(module);
                return result;
            }

            public static Sequential Sequential(params (string name, Module<Tensor, Tensor> submodule)[] modules) =>
                Sequential((IEnumerable<(string, Module<Tensor, Tensor>)>)modules);

            public static Sequential Sequential(IEnumerable<(string name, Module<Tensor, Tensor> submodule)> modules)
            {
                Sequential result = new();
                foreach (var (name, module) in modules)
                    result.append(name, module);
                return result;
            }
        }
    }
}
