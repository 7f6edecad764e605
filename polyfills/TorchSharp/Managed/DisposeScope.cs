namespace TorchSharp;

/// <summary>Owns the tensors that its thread makes while it is the innermost one, and frees them at once when it is disposed.</summary>
/// <remarks>
/// The tensors of a scope form a list through fields of their own, so that entering and leaving a scope allocate nothing. Scopes belong to
/// the thread that opened them.
/// </remarks>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic]
    private static DisposeScope? t_current;

    private torch.Tensor? _first;
    private DisposeScope? _outer;
    private int _count;
    private bool _disposed;

    internal DisposeScope()
    {
        _outer = t_current;
        t_current = this;
    }

    /// <summary>This thread's innermost scope.</summary>
    internal static DisposeScope? Current => t_current;

    /// <summary>How many tensors are in the scope.</summary>
    public int DisposablesCount
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _count;
        }
    }

    public bool Contains(IDisposable disposable) => disposable is torch.Tensor tensor && tensor.OwningDisposeScope == this;

    /// <summary>Takes a tensor into this scope, from whichever had it.</summary>
    public void Attach(IDisposable disposable) => Move(Managed(disposable), this);

    /// <summary>Gives a tensor of this scope to the one around it; where there is none, lets it outlive both.</summary>
    public T MoveToOuter<T>(T disposable)
        where T : IDisposable => MoveToOther(_outer, disposable);

    /// <summary>Gives a tensor of this scope to <paramref name="scope"/>; null lets it outlive every scope.</summary>
    internal T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Contains(disposable))
            Move(Managed(disposable), scope);
        return disposable;
    }

    /// <summary>Frees every tensor of the scope, which stays open.</summary>
    public void DisposeEverything()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (_first is { } tensor)
            tensor.Dispose();
    }

    /// <summary>Frees the scope's tensors and closes it.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        DisposeEverything();
        _disposed = true;
        // Scopes are closed in any order; the rest of the thread's chain stays whole.
        if (t_current == this)
            t_current = _outer;
        else
            for (DisposeScope? scope = t_current; scope is not null; scope = scope._outer)
                if (scope._outer == this)
                    scope._outer = _outer;
    }

    internal static void Move(torch.Tensor tensor, DisposeScope? to)
    {
        if (tensor.OwningDisposeScope is { } from)
            from.Unlink(tensor);
        to?.Link(tensor);
    }

    internal void Link(torch.Tensor tensor)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        tensor.OwningDisposeScope = this;
        tensor.NextInScope = _first;
        if (_first is not null)
            _first.PreviousInScope = tensor;
        _first = tensor;
        _count++;
    }

    internal void Unlink(torch.Tensor tensor)
    {
        if (tensor.PreviousInScope is { } previous)
            previous.NextInScope = tensor.NextInScope;
        else
            _first = tensor.NextInScope;
        if (tensor.NextInScope is { } next)
            next.PreviousInScope = tensor.PreviousInScope;
        tensor.PreviousInScope = tensor.NextInScope = null;
        tensor.OwningDisposeScope = null;
        _count--;
    }

    private static torch.Tensor Managed(IDisposable disposable) =>
        disposable as torch.Tensor ?? throw new InvalidOperationException("DisposeScope can only manage Tensor or PackedSequence");
}
