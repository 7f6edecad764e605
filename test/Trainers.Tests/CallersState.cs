using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// What a user has set on a thread, which a fit must leave as it was however it ends: random numbers, thread count,
/// gradient mode, dispose scope, libtorch's switches.
/// </summary>
internal sealed class CallersState : IDisposable
{
    private const long Seed = 42;

    private readonly int _threadsBefore = torch.get_num_threads();
    private readonly int _threads;
    private readonly bool _gradients;
    private readonly IDisposable _mode;
    private readonly DisposeScope _scope;
    private readonly byte[] _expected;
    private readonly bool? _oneDnn = TorchSwitch.OneDnn?.IsOn, _nnpack = TorchSwitch.Nnpack?.IsOn;

    public CallersState(int threads, bool gradients)
    {
        (_threads, _gradients) = (threads, gradients);
        torch.set_num_threads(threads);
        _mode = torch.enable_grad(gradients);
        torch.manual_seed(Seed);
        using (var numbers = torch.rand(8))
            _expected = numbers.bytes.ToArray();
        torch.manual_seed(Seed);
        _scope = torch.NewDisposeScope();
    }

    public void AssertLeft(string after)
    {
        Assert.AreEqual(0, _scope.DisposablesCount, $"tensors left in the caller's scope after {after}");
        Assert.AreEqual(_threads, torch.get_num_threads(), $"threads after {after}");
        Assert.AreEqual(_gradients, torch.is_grad_enabled(), $"gradients after {after}");
        Assert.AreEqual(_oneDnn, TorchSwitch.OneDnn?.IsOn, $"oneDNN after {after}");
        Assert.AreEqual(_nnpack, TorchSwitch.Nnpack?.IsOn, $"NNPACK after {after}");
        using var numbers = torch.rand(8);
        Assert.IsTrue(_scope.Contains(numbers), $"the innermost scope is another one after {after}");
        CollectionAssert.AreEqual(_expected, numbers.bytes.ToArray(), $"random numbers after {after}");
        torch.manual_seed(Seed);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _mode.Dispose();
        torch.set_num_threads(_threadsBefore);
    }
}
