using System.Runtime.InteropServices;

namespace MLNetAutoencoder.Tool;

/// <summary>Ctrl-C: the first time the work is asked to end, the second time the process ends.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _signals;

    public Interrupts() => _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }
        .Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
            signal.Dispose();
        _source.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_source.IsCancellationRequested)
        {
            TemporaryFile.DeleteAll();
            Environment.Exit(ExitCode.Canceled);
        }
        _source.Cancel();
    }
}
