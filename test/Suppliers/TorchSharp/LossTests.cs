using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using static TorchSharp.torch.nn.functional;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class LossTests
{
    private static Tensor Input => tensor([0.1f, 0.7f, 0.4f, 0.9f]);

    private static Tensor Target => tensor([0f, 1, 0.25f, 3]);

    private static Tensor Probability => tensor([0f, 1, 0.25f, 0.5f]);

    [TestMethod]
    public void Losses_GivePyTorchsValues()
    {
        using DisposeScope scope = NewDisposeScope();
        Expect.Close([1.13312483f], mse_loss(Input, Target), "mse");
        Expect.Close([4.53249931f], mse_loss(Input, Target, Reduction.Sum), "mse sum");
        Expect.Close([0.01f, 0.09f, 0.0225f, 4.41f], mse_loss(Input, Target, Reduction.None), "mse none");
        Expect.Close([0.662499964f], l1_loss(Input, Target), "l1");
        Expect.Close([0.1f, 0.3f, 0.15f, 2.1f], l1_loss(Input, Target, Reduction.None), "l1 none");
        Expect.Close([0.246562481f], huber_loss(Input, Target, 0.5), "huber");
        Expect.Close([0.986249924f], huber_loss(Input, Target, 0.5, Reduction.Sum), "huber sum");
        Expect.Close([0.493124962f], smooth_l1_loss(Input, Target, beta: 0.5), "smooth l1");
        Expect.Close([0.569550037f], binary_cross_entropy(Input, Probability), "bce");
        Expect.Close([0.105360545f, 0.356674969f, 0.612191856f, 1.2039727f], binary_cross_entropy(Input, Probability, reduction: Reduction.None), "bce none");
        Expect.Close([0.687937975f], binary_cross_entropy_with_logits(Input, Probability), "bce with logits");
        Tensor weight = tensor([1f, 2, 0, 3]);
        Expect.Close([1.10765707f], binary_cross_entropy(Input, Probability, weight), "bce weighted");
        Expect.Close(
            [1.31058335f], binary_cross_entropy_with_logits(Input, Probability, weight, pos_weights: tensor([2f, 2, 2, 2])), "bce with logits weighted");
    }

    [TestMethod]
    public void CrossEntropy_RefusesWhatItCannotTake()
    {
        using DisposeScope scope = NewDisposeScope();
        Assert.ThrowsExactly<ExternalException>(() => binary_cross_entropy(Input, ones(2)));
        Assert.ThrowsExactly<ExternalException>(() => binary_cross_entropy(Input * 2, Probability));
    }
}
