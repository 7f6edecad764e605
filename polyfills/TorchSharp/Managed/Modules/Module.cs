using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp.Modules;
using static TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A part of a network: its parameters, its buffers, and the modules that it is made of, each under a name.</summary>
        public class Module : IDisposable
        {
            private readonly Named<Parameter> _parameters = new();
            private readonly Named<(Tensor Tensor, bool Persistent)> _buffers = new();
            private readonly Named<Module> _children = new();
            private readonly string _name;
            private bool _registered;
            private bool _training = true;

            private protected Module(string name) => _name = name;

            /// <summary>Whether the module trains, rather than being put to use: dropout asks.</summary>
            public virtual bool training => _training;

            internal bool Disposed { get; private set; }

            public virtual string GetName() => string.IsNullOrEmpty(_name) ? GetType().Name : _name;

            /// <summary>Frees the parameters, the buffers and the modules within.</summary>
            public void Dispose()
            {
                if (Disposed)
                    return;
                Disposed = true;
                foreach (var (_, parameter) in _parameters)
                    parameter.Dispose();
                foreach (var (_, buffer) in _buffers)
                    buffer.Tensor.Dispose();
                foreach (var (_, module) in named_children())
                    module.Dispose();
            }

            // ---- what it is made of

            public virtual void register_parameter(string name, Parameter param)
            {
                if (param is null || param.IsInvalid)
                    throw new ArgumentNullException(nameof(param), "A null tensor cannot be registered as a parameter.");
                if (!_parameters.TryAdd(name, param))
                    throw new InvalidOperationException($"Parameter {name} is already registered.");
            }

            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                if (tensor is null || tensor.IsInvalid)
                    throw new ArgumentNullException(nameof(tensor), "A null tensor cannot be registered as a buffer.");
                if (!_buffers.TryAdd(name, (tensor, persistent)))
                    throw new InvalidOperationException($"Tensor {name} is already registered.");
            }

            public virtual void register_module(string name, Module submodule)
            {
                if (submodule is null || submodule.Disposed)
                {
                    _children.Remove(name);
                    return;
                }

                if (name.Contains('.', StringComparison.Ordinal))
                    throw new ArgumentException($"module name can't contain \".\", got: {name}");
                if (name.Length == 0)
                    throw new ArgumentException("module name can't be empty string \"\"");
                if (_children.Contains(name))
                    throw new InvalidOperationException($"Sub-module {name} is already registered.");
                submodule.RegisterComponents();
                _children.TryAdd(name, submodule);
            }

            /// <summary>Registers every field that holds a module, a parameter or a tensor, under the field's name. Constructors call it last.</summary>
            protected virtual void RegisterComponents()
            {
                if (_registered)
                    return;
                foreach (FieldInfo field in Fields(GetType()))
                {
                    if (_children.Contains(field.Name) || _parameters.Contains(field.Name) || _buffers.Contains(field.Name))
                        continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(field.Name, module); break;
                        case Parameter parameter: register_parameter(field.Name, parameter); break;
                        case Tensor tensor: register_buffer(field.Name, tensor); break;
                    }
                }

                _registered = true;
            }

            /// <summary>Puts a parameter in place of the one of that name; null takes it away.</summary>
            private protected void Replace(string name, Parameter? parameter)
            {
                if (parameter is null)
                    _parameters.Remove(name);
                else
                    _parameters.Set(name, parameter);
            }

            public virtual IEnumerable<(string name, Module module)> named_children() => _children;

            public virtual IEnumerable<(string name, Module module)> named_modules()
            {
                foreach (var child in named_children())
                    yield return child;
                foreach (var (name, child) in named_children())
                    foreach (var (inner, module) in child.named_modules())
                        yield return ($"{name}.{inner}", module);
            }

            public virtual IEnumerable<Module> modules() => named_modules().Select(module => module.module);

            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                foreach (var (name, parameter) in _parameters)
                    if (!parameter.IsInvalid && seen.Add(parameter))
                        yield return (name, parameter);
                if (!recurse)
                    yield break;
                foreach (var (name, child) in named_children())
                    foreach (var (inner, parameter) in child.named_parameters())
                        if (seen.Add(parameter))
                            yield return ($"{name}.{inner}", parameter);
            }

            public virtual IEnumerable<Parameter> parameters(bool recurse = true) => named_parameters(recurse).Select(parameter => parameter.parameter);

            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
                // TorchSharp leaves buffers that are not persistent out whatever include_nonpersistent says.
                foreach (var (name, buffer) in _buffers)
                    if (buffer.Persistent && !buffer.Tensor.IsInvalid && seen.Add(buffer.Tensor))
                        yield return (name, buffer.Tensor);
                if (!recurse)
                    yield break;
                foreach (var (name, child) in named_children())
                    foreach (var (inner, buffer) in child.named_buffers(true, include_nonpersistent))
                        if (seen.Add(buffer))
                            yield return ($"{name}.{inner}", buffer);
            }

            public virtual Parameter? get_parameter(string target) => named_parameters().FirstOrDefault(parameter => parameter.name == target).parameter;

            // ---- its state

            /// <summary>The parameters and buffers themselves, not copies, under their full names.</summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                string start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (name, parameter) in named_parameters())
                    destination.TryAdd(start + name, parameter);
                foreach (var (name, buffer) in named_buffers())
                    destination.TryAdd(start + name, buffer);
                return destination;
            }

            /// <summary>Copies values into the parameters and buffers.</summary>
            /// <exception cref="InvalidOperationException">Names differ, with <paramref name="strict"/>.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                skip ??= [];
                Dictionary<string, Tensor> destination = state_dict();
                List<string> unexpected = source.Keys.Where(key => !skip.Contains(key) && !destination.ContainsKey(key)).ToList();
                List<string> missing = destination.Keys.Where(key => !skip.Contains(key) && !source.ContainsKey(key)).ToList();
                if (strict && (missing.Count > 0 || unexpected.Count > 0))
                    throw new InvalidOperationException("The loaded state_dict is not identical to the target dictionary.");
                using (no_grad())
                    foreach (var (key, value) in source)
                        if (!skip.Contains(key) && destination.TryGetValue(key, out Tensor? tensor))
                            tensor.copy_(value);
                return (missing, unexpected);
            }

            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (var (_, child) in named_children())
                    child.train(train);
            }

            public virtual void eval() => train(false);

            public virtual Module apply(Action<Module> fn)
            {
                foreach (var (_, child) in named_children())
                    child.apply(fn);
                fn(this);
                return this;
            }

            /// <summary>Takes the gradients away, or sets them to zero.</summary>
            public virtual void zero_grad(bool set_to_none = true) => ClearGradients(parameters(), set_to_none);

            internal static unsafe void ClearGradients(IEnumerable<Parameter> parameters, bool setToNone)
            {
                nint[] handles = Handles(parameters);
                fixed (nint* h = handles)
                    Check(ts_clear_grads(h, handles.Length, setToNone), parameters);

                [DllImport(Lib)]
                static extern bool ts_clear_grads(nint* parameters, int n, bool setToNone);
            }

            // ---- moving

            /// <summary>Moves the parameters and buffers to a device; those of floating point also to a type.</summary>
            internal void Move(Device? device, ScalarType? dtype)
            {
                if (dtype is { } given && !torch.is_floating_point(given))
                    throw new ArgumentException($"nn.Module.to only accepts floating point or complex types, but got desired dtype={given}");
                InitializeDevice(device);
                using (no_grad())
                {
                    foreach (Tensor tensor in _parameters.Select(parameter => (Tensor)parameter.Item2).Concat(_buffers.Select(buffer => buffer.Item2.Tensor)))
                        tensor.MoveInPlace(device, torch.is_floating_point(tensor.dtype) ? dtype : null);
                    foreach (var (_, child) in named_children())
                        child.Move(device, dtype);
                }
            }

            private static IEnumerable<FieldInfo> Fields(Type type)
            {
                var seen = new HashSet<string>();
                const BindingFlags own = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;
                for (Type? level = type; level is not null && level != typeof(Module); level = level.BaseType)
                    foreach (FieldInfo field in level.GetFields(own))
                        if (seen.Add(field.Name))
                            yield return field;
            }
        }

        /// <summary>Where hooks on a call would be.</summary>
        public class HookableModule<TPreHook, TPostHook> : Module
        {
            private protected HookableModule(string name)
                : base(name)
            {
            }
        }

        /// <summary>A module of one input and one output.</summary>
        public abstract class Module<T, TResult>
            : HookableModule<Func<Module<T, TResult>, T, T>, Func<Module<T, TResult>, T, TResult, TResult>>
        {
            protected Module(string name)
                : base(name)
            {
            }

            public abstract TResult forward(T input);

            public TResult call(T input) => forward(input);
        }

        /// <summary>Values by name, in the order in which they came.</summary>
        private sealed class Named<T> : IEnumerable<(string, T)>
        {
            private readonly List<(string Name, T Value)> _items = [];

            public bool Contains(string name) => Find(name) >= 0;

            public bool TryAdd(string name, T value)
            {
                if (Contains(name))
                    return false;
                _items.Add((name, value));
                return true;
            }

            public void Set(string name, T value)
            {
                int at = Find(name);
                if (at < 0)
                    _items.Add((name, value));
                else
                    _items[at] = (name, value);
            }

            public void Remove(string name) => _items.RemoveAll(item => item.Name == name);

            public IEnumerator<(string, T)> GetEnumerator() => _items.GetEnumerator();

            System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();

            private int Find(string name) => _items.FindIndex(item => item.Name == name);
        }
    }
}

/// <summary>Moving whole modules.</summary>
public static class ModuleExtensionMethods
{
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false)
        where T : torch.nn.Module
    {
        module.Move(null, type);
        return module;
    }
}
