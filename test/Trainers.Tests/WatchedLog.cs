using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>A context whose log is kept.</summary>
internal sealed class WatchedLog
{
    private readonly List<(ChannelMessageKind Kind, string Message)> _messages = [];

    public WatchedLog()
    {
        Context = new MLContext(seed: 1);
        Context.Log += (_, e) => _messages.Add((e.Kind, e.RawMessage));
    }

    public MLContext Context { get; }

    /// <summary>The warnings so far.</summary>
    public string[] Warnings => [.. _messages.Where(entry => entry.Kind == ChannelMessageKind.Warning).Select(entry => entry.Message)];
}
