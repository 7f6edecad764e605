using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// The sessions of a model, one for each set of asked-for outputs and a second one where missing values turn up, made when
/// they are first needed. They live until the pool is disposed and the last lease has ended.
/// </summary>
/// <param name="model">The model, whose options and metadata count.</param>
/// <param name="graph">Its graph as it is run.</param>
/// <param name="source">Where the graph came from, for messages; null where this process made it, so that it is not tried.</param>
/// <remarks>Safe for use by several threads.</remarks>
internal sealed class SessionPool(AutoencoderModel model, Lazy<ModelProto> graph, string? source) : IDisposable
{
    private readonly Dictionary<(string Border, bool Missing), InferenceSession> _sessions = [];
    private volatile bool _disposed;
    private int _leases;
    private bool _warned;

    /// <summary>The weights that the sessions share; null before there is a session.</summary>
    public SharedWeights? Weights { get; private set; }

    /// <summary>Keeps the sessions until <see cref="EndLease"/>.</summary>
    public void Lease()
    {
        lock (_sessions)
        {
            ThrowIfDisposed();
            _leases++;
        }
    }

    /// <summary>Ends a lease.</summary>
    public void EndLease()
    {
        lock (_sessions)
        {
            _leases--;
            ReleaseIfUnused();
        }
    }

    /// <summary>The session for some inputs and outputs; to be called under a lease.</summary>
    public InferenceSession Session(IReadOnlyList<string> inputs, IReadOnlyList<string> outputs, bool missing)
    {
        string key = string.Join(',', inputs) + ">" + string.Join(',', outputs.Order(StringComparer.Ordinal));
        lock (_sessions)
        {
            if (_sessions.TryGetValue((key, missing), out var session))
                return session;
            var cut = OnnxFile.Cut(graph.Value, inputs, outputs);
            session = MissingValueGraph.IsIn(cut) ? Open(missing ? cut : MissingValueGraph.Remove(cut))
                : _sessions.TryGetValue((key, !missing), out var other) ? other : Open(cut);
            _sessions.Add((key, missing), session);
            return session;
        }
    }

    /// <summary>Throws where the pool has been disposed.</summary>
    public void ThrowIfDisposed()
    {
        if (_disposed)
            throw new ObjectDisposedException(nameof(AutoencoderModel),
                "The model has been disposed, and with it its ONNX Runtime sessions; it can neither score nor make cursors any more.");
    }

    /// <summary>Releases the sessions, at once or with the last lease.</summary>
    public void Dispose()
    {
        lock (_sessions)
        {
            _disposed = true;
            ReleaseIfUnused();
        }
    }

    private void ReleaseIfUnused()
    {
        if (!_disposed || _leases > 0)
            return;
        foreach (var session in _sessions.Values.Distinct())
            session.Dispose();
        _sessions.Clear();
        Weights?.Dispose();
        Weights = null;
    }

    private InferenceSession Open(ModelProto cut)
    {
        OnnxRuntimeLibrary.Require();
        var weights = Weights ??= new SharedWeights(graph.Value.Graph);
        var session = OnnxRuntimeLibrary.OpenSession(
            cut.ToByteArray(), model.Scoring, options => weights.AddTo(options, cut.Graph), WarnOnce, weights.Prepacked);
        try
        {
            if (source is not null)
                RowTrial.Run(session, cut.Graph, model.Metadata, source);
        }
        catch (InvalidDataException e) when (e.InnerException is OnnxRuntimeException && model.Scoring.GpuDeviceId is not null)
        {
            // That may be the device's fault. What the graph cannot do is found on the first rows too.
        }
        catch
        {
            session.Dispose();
            throw;
        }
        return session;
    }

    private void WarnOnce(string message)
    {
        if (_warned)
            return;
        _warned = true;
        model.Warn?.Invoke(message);
    }
}
