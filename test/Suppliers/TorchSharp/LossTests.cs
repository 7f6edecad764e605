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
    [TestMethod]
    public void Losses_OfEachElement_PassBackPyTorchsGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Input.requires_grad_();
        Tensor huber = huber_loss(x, Target, 0.5, Reduction.None);
        Expect.Close([0.0050000004f, 0.045f, 0.01125f, 0.92499995f], huber, "huber none");
        Expect.Close([0.025f, -0.45000002f, 0.15f, -0.25f], Gradient(huber), "huber");
        Expect.Close([0.25f, -1.5f, 1, -0.5f], Gradient(l1_loss(x, Target, Reduction.None)), "l1");
        Expect.Close([0.05f, -0.90000004f, 0.3f, -2.1f], Gradient(mse_loss(x, Target, Reduction.None)), "mse");
        Expect.Close([0.2777778f, -2.142857f, 0.625f, 2.2222216f], Gradient(binary_cross_entropy(x, Probability, reduction: Reduction.None)), "bce");
        Tensor logits = binary_cross_entropy_with_logits(x, Probability, reduction: Reduction.None);
        Expect.Close([0.7443967f, 0.40318608f, 0.8130153f, 0.7911539f], logits, "bce with logits none");
        Expect.Close([0.1312448f, -0.4977184f, 0.34868765f, 0.10547474f], Gradient(logits), "bce with logits");

        Tensor Gradient(Tensor output) => Sample.Gradients(output, x)[0];
    }

    [TestMethod]
    public void CrossEntropyOfClasses_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = tensor([1f, 2, 3, -1, 0.5f, 4, 0, 0, 1], [3, 3], requires_grad: true), classes = tensor([2L, 0, 1]);
        Tensor mean = cross_entropy(logits, classes);
        Expect.Close([2.3317735f], mean);
        Expect.Close(
            [0.030010194f, 0.08157617f, -0.11158633f, -0.33116737f, 0.009707253f, 0.32146013f, 0.07064718f, -0.26268616f, 0.19203898f],
            autograd.grad([mean], [logits])[0]);
        Expect.Close([0.40760595f, 5.0362697f, 1.5514448f], cross_entropy(logits, classes, reduction: Reduction.None), "none");
        Tensor weight = tensor([1f, 2, 0.5f]);
        Expect.Close([3.5341227f], cross_entropy(logits, classes, weight, ignore_index: 1, label_smoothing: 0.1), "weighted");
        Expect.Close([0, 0, 1, 1, 0, 0, 0, 1, 0], one_hot(classes).to(ScalarType.Float32), "one_hot");
        Expect.Shape([3, 5], one_hot(classes, 5));
        Assert.AreEqual(ScalarType.Int64, one_hot(classes, 5).dtype);
    }
}
