using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>Copies of some tensors, to go back to.</summary>
internal sealed class Snapshot(IEnumerable<Tensor> tensors) : IDisposable
{
    private readonly Tensor[] _tensors = [.. tensors];
    private readonly Tensor[] _copies = [.. tensors.Select(tensor => tensor.detach().clone().DetachFromDisposeScope())];

    /// <summary>The copies, in the order of the tensors.</summary>
    public IReadOnlyList<Tensor> Copies => _copies;

    /// <summary>Copies the tensors again.</summary>
    public void Take()
    {
        using var none = no_grad();
        for (int i = 0; i < _tensors.Length; i++)
            _copies[i].copy_(_tensors[i]);
    }

    /// <summary>Brings the tensors back to what was copied.</summary>
    public void Restore()
    {
        using var none = no_grad();
        for (int i = 0; i < _tensors.Length; i++)
            _tensors[i].copy_(_copies[i]);
    }

    public void Dispose()
    {
        foreach (var copy in _copies)
            copy.Dispose();
    }
}
