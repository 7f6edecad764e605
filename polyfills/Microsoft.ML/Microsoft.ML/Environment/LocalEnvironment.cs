using System.Diagnostics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What stock components ask of their environment beyond the public interface.</summary>
internal interface IHostEnvironmentInternal : IHostEnvironment
{
    int? Seed { get; }

    string TempFilePath { get; set; }

    int? GpuDeviceId { get; set; }

    bool FallbackToCpu { get; set; }

    T GetOptionOrDefault<T>(string name);

    void SetOption<T>(string name, T value);
}

/// <summary>The environment behind an <see cref="MLContext"/> (root), and each host registered with it.</summary>
internal class LocalEnvironment : IHostEnvironmentInternal
{
    private readonly LocalEnvironment _root;
    private readonly string _parentName;
    private readonly object _lock = new();
    private readonly Dictionary<string, object> _options = [];

    internal LocalEnvironment(int? seed)
    {
        Seed = seed;
        Rand = seed is int s ? new Random(s) : new Random();
        ComponentCatalog = new ComponentCatalog();
        _root = this;
    }

    protected LocalEnvironment(LocalEnvironment source, string name, string parentName, Random rand)
    {
        _root = source._root;
        _parentName = parentName;
        Name = name;
        Master = source;
        Rand = rand;
        Seed = source.Seed;
        GpuDeviceId = source.GpuDeviceId;
        FallbackToCpu = source.FallbackToCpu;
        ComponentCatalog = source.ComponentCatalog;
    }

    internal event Action<string, ChannelMessage> Message;

    public ComponentCatalog ComponentCatalog { get; }

    public Random Rand { get; }

    public int? Seed { get; }

    public string TempFilePath { get; set; } = Path.GetTempPath();

    public int? GpuDeviceId { get; set; }

    public bool FallbackToCpu { get; set; }

    public virtual string ContextDescription => "HostEnvironment";

    protected string Name { get; }

    protected LocalEnvironment Master { get; }

    protected string FullName => string.IsNullOrEmpty(_parentName) ? Name : $"{_parentName}; {Name}";

    // A host of a host names its grandparent, and starts with the default folder for temporary files: so it is in the package.
    public virtual IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Host host = CreateHost(name, seed);
        host.TempFilePath = TempFilePath;
        return host;
    }

    public IChannel Start(string name) => new Channel(this, name);

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new Pipe<TMessage>(this, name);

    public IProgressChannel StartProgressChannel(string name)
    {
        Refuse.Empty(name, nameof(name));
        return new SilentProgress();
    }

    public virtual TException Process<TException>(TException ex)
        where TException : Exception
    {
        if (ex is not null)
            ex.Data["Throwing component"] = "Environment";
        return ex;
    }

    public bool TryAddOption<T>(string name, T value)
    {
        RefuseBlank(name);
        return _options.TryAdd(name, value);
    }

    public void SetOption<T>(string name, T value)
    {
        RefuseBlank(name);
        _options[name] = value;
    }

    public bool TryGetOption<T>(string name, out T value)
    {
        RefuseBlank(name);
        if (_options.TryGetValue(name, out object found) && found is T typed)
        {
            value = typed;
            return true;
        }

        value = default;
        return false;
    }

    public T GetOptionOrDefault<T>(string name)
    {
        RefuseBlank(name);
        if (!_options.ContainsKey(name))
            _options[name] = default(T);
        return (T)_options[name];
    }

    public bool RemoveOption(string name)
    {
        RefuseBlank(name);
        return _options.Remove(name);
    }

    protected Host CreateHost(string name, int? seed)
    {
        Refuse.Empty(name, nameof(name));
        lock (_lock)
        {
            var rand = new Random(seed ?? Rand.Next());
            return new Host(this, name, Master?.FullName, rand);
        }
    }

    private static void RefuseBlank(string name)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentNullException(nameof(name));
    }

    private void Dispatch(string source, ChannelMessage message) => _root.Message?.Invoke(source, message);

    internal sealed class Host : LocalEnvironment, IHost
    {
        internal Host(LocalEnvironment source, string name, string parentName, Random rand)
            : base(source, name, parentName, rand)
        {
        }

        public override string ContextDescription => FullName;

        public override IHost Register(string name, int? seed = null, bool? verbose = null) => CreateHost(name, seed);

        public override TException Process<TException>(TException ex)
        {
            if (ex is not null)
            {
                ex.Data["Throwing component"] = Name;
                ex.Data["Parent component"] = _parentName;
            }

            return ex;
        }
    }

    private class Pipe<TMessage> : IPipe<TMessage>
    {
        private readonly LocalEnvironment _parent;
        private readonly string _name;

        internal Pipe(LocalEnvironment parent, string name)
        {
            _parent = parent;
            _name = name;
        }

        public string ContextDescription
        {
            get
            {
                string parent = _parent.FullName;
                return string.IsNullOrEmpty(parent) ? _name : $"{parent}; {_name}";
            }
        }

        public void Send(TMessage msg)
        {
            if (msg is ChannelMessage message)
                _parent.Dispatch(ContextDescription, message);
        }

        public TException Process<TException>(TException ex)
            where TException : Exception
        {
            if (_parent.Process(ex) is not null)
                ex.Data["Phase"] = _name;
            return ex;
        }

        public virtual void Dispose()
        {
        }
    }

    private sealed class Channel : Pipe<ChannelMessage>, IChannel
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private bool _disposed;

        internal Channel(LocalEnvironment parent, string name)
            : base(parent, name) =>
            Trace(MessageSensitivity.None, "Channel started");

        public void Trace(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Trace, fmt));

        public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Trace, fmt, args));

        public void Error(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Error, fmt));

        public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Error, fmt, args));

        public void Warning(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Warning, fmt));

        public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Warning, fmt, args));

        public void Info(MessageSensitivity sensitivity, string fmt) => Send(new(ChannelMessageKind.Info, fmt));

        public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) => Send(new(ChannelMessageKind.Info, fmt, args));

        public override void Dispose()
        {
            base.Dispose();
            if (_disposed)
                return;
            _disposed = true;
            Trace(MessageSensitivity.None, "Channel finished. Elapsed {0:c}.", Stopwatch.GetElapsedTime(_started));
            Trace(MessageSensitivity.None, "Channel disposed");
        }
    }

    /// <summary>Progress raises no log events.</summary>
    private sealed class SilentProgress : IProgressChannel
    {
        public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction)
        {
        }

        public void Checkpoint(params double?[] values)
        {
        }

        public IProgressChannel StartProgressChannel(string name) => new SilentProgress();

        public void Dispose()
        {
        }
    }
}
