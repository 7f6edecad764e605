namespace TorchSharp.Modules;

/// <summary>A tensor that a module trains.</summary>
public class Parameter : torch.Tensor
{
    /// <param name="data">The tensor, which becomes invalid: its handle, and its place in a scope, are the parameter's from here on.</param>
    public Parameter(torch.Tensor data, bool requires_grad = true)
        : base(data.requires_grad_(requires_grad).MoveHandle(), register: false)
    {
        if (data.OwningDisposeScope is not { } scope)
            return;
        scope.Unlink(data);
        scope.Link(this);
    }
}
