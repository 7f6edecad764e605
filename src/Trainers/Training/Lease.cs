namespace MLNetAutoencoder;

/// <summary>Something that is held until it is disposed, once.</summary>
/// <param name="end">Gives it back.</param>
internal sealed class Lease(Action end) : IDisposable
{
    private Action? _end = end;

    public void Dispose() => Interlocked.Exchange(ref _end, null)?.Invoke();
}
