namespace Microsoft.ML.Runtime;

/// <summary>What gives an exception its context.</summary>
public interface IExceptionContext
{
    TException Process<TException>(TException ex)
        where TException : Exception;

    string ContextDescription { get; }
}

/// <summary>Starts channels.</summary>
public interface IChannelProvider : IExceptionContext
{
    IChannel Start(string name);

    IPipe<TMessage> StartPipe<TMessage>(string name);
}

/// <summary>What a component runs in: it registers there, and gets a host.</summary>
public interface IHostEnvironment : IChannelProvider, IProgressChannelProvider
{
    IHost Register(string name, int? seed = null, bool? verbose = null);

    ComponentCatalog ComponentCatalog { get; }
}

/// <summary>The environment of one component.</summary>
public interface IHost : IHostEnvironment
{
    Random Rand { get; }
}

public interface IPipe<TMessage> : IExceptionContext, IDisposable
{
    void Send(TMessage msg);
}

/// <summary>Messages of one phase of a component.</summary>
public interface IChannel : IPipe<ChannelMessage>
{
    void Trace(MessageSensitivity sensitivity, string fmt);

    void Trace(MessageSensitivity sensitivity, string fmt, params object[] args);

    void Error(MessageSensitivity sensitivity, string fmt);

    void Error(MessageSensitivity sensitivity, string fmt, params object[] args);

    void Warning(MessageSensitivity sensitivity, string fmt);

    void Warning(MessageSensitivity sensitivity, string fmt, params object[] args);

    void Info(MessageSensitivity sensitivity, string fmt);

    void Info(MessageSensitivity sensitivity, string fmt, params object[] args);
}

public interface IProgressChannelProvider
{
    IProgressChannel StartProgressChannel(string name);
}

public interface IProgressChannel : IProgressChannelProvider, IDisposable
{
    void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction);

    void Checkpoint(params double?[] values);
}

public interface IProgressEntry
{
    void SetProgress(int index, double value);

    void SetProgress(int index, double value, double lim);

    void SetMetric(int index, double value);
}

/// <summary>What the numbers of a progress channel mean.</summary>
public sealed class ProgressHeader
{
    // Progress is shown nowhere.
    public ProgressHeader(string[] metricNames, string[] unitNames)
    {
    }
}

/// <summary>The components that an environment knows.</summary>
public sealed class ComponentCatalog
{
    internal ComponentCatalog()
    {
    }
}

public enum ChannelMessageKind
{
    Trace = 0,
    Info = 1,
    Warning = 2,
    Error = 3,
}

[Flags]
public enum MessageSensitivity
{
    None = 0,
    UserData = 1,
    Schema = 2,
    Unknown = ~None,
    All = Unknown,
}

public readonly struct ChannelMessage
{
    internal readonly ChannelMessageKind Kind;

    private readonly string _text;
    private readonly object[] _arguments;

    internal ChannelMessage(ChannelMessageKind kind, string text)
    {
        Refuse.Empty(text, "message");
        Kind = kind;
        _text = text;
    }

    internal ChannelMessage(ChannelMessageKind kind, string format, object[] arguments)
    {
        Refuse.Empty(format, "fmt");
        Refuse.Unless(arguments is { Length: > 0 }, "args", "args cannot be null or empty");
        Kind = kind;
        _text = format;
        _arguments = arguments;
    }

    // Without arguments the text is never a format: braces in it are safe.
#pragma warning disable CA1305 // as the package formats it: in the current culture
    internal string Message => _arguments is null ? _text : string.Format(_text, _arguments);
#pragma warning restore CA1305
}
