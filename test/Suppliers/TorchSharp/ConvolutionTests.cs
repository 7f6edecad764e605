using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

/// <summary>The sums of quarters' products here are exact in float32, in whichever order a library adds them.</summary>
[TestClass]
public sealed class ConvolutionTests
{
    private static Tensor Bias => tensor([0.5f, -1, 2], requires_grad: true);

    [TestMethod]
    public void Conv2d_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 2, 4, 4]).requires_grad_(), weight = Sample.Steps([3, 2, 3, 3], 3, 13).requires_grad_(), bias = Bias;
        Tensor y = conv2d(x, weight, bias, strides: [2, 2], padding: [1, 1]);
        Expect.Shape([2, 3, 2, 2], y);
        Expect.Close(
            [
                -2.125f, 1.125f, -2.1875f, 6.25f, 3.4375f, -0.125f, 1.9375f, 2.3125f, 3.75f, 2.3125f, 2.4375f, 2.0625f, 2.875f, -2.6875f, 1.8125f, -2.6875f,
                -1.4375f, -5.625f, -4.6875f, -6.6875f, 4.4375f, 4.0625f, 0.625f, 1.9375f,
            ],
            y);
        IList<Tensor> gradients = Sample.Gradients(y, x, weight, bias);
        Expect.Close(
            [
                -2.9375f, 0.0625f, -0.0625f, -2.125f, 3.3125f, -4.125f, 3.5f, 0.875f, 0.1875f, -3.3125f, -0.875f, -0.625f, 2, 0.875f, 3.125f, -1.5f, -2.875f,
                1.875f, -4, -1.1875f, -0.125f, -1.125f, 1.8125f, 2.4375f, -2.5f, -2.125f, -1.875f, 0, 0.9375f, 2.0625f, -1.9375f, -0.875f, 0.0625f, -0.9375f,
                0.3125f, -1, 2.5f, -2.1875f, 0.0625f, 1.5625f, -2.9375f, 0.0625f, -0.0625f, -2.125f, 4.125f, -3.125f, 3.5f, -1, -3.25f, 0.1875f, -1.75f,
                -0.625f, 1.6875f, 0.75f, 0.5625f, 2.875f, -2.875f, 1.875f, -4, -1.1875f, 0.125f, -1.3125f, 1.1875f, -0.0625f,
            ],
            gradients[0], "input");
        Expect.Close(
            [
                0, -0.0625f, 0.8125f, -1.3125f, -1, -0.4375f, -0.4375f, 2.625f, 2.5f, 1, -0.5f, -1.6875f, 0.8125f, 2.5f, -1.0625f, 1.6875f, -2.8125f, -0.1875f,
                0.125f, 1.6875f, 1.125f, -1.0625f, -2.6875f, -0.875f, -0.3125f, 0.4375f, 1.5625f, 0.875f, -1.8125f, -0.3125f, 0.5625f, 1.5625f, -0.0625f,
                1.3125f, -2.1875f, 1, -1.0625f, 3, 1, 0.5f, -2.625f, -2.625f, -1.0625f, 2.1875f, 1.5f, 0.3125f, -3.5625f, 0.625f, 2.5f, 1.5f, -1.25f, 0.9375f,
                -3.3125f, 2.1875f,
            ],
            gradients[1], "weight");
        Expect.Close([7, 8.5f, 8.25f], gradients[2], "bias");
    }

    [TestMethod]
    public void Conv2d_TakesGroupsAndDilation_AndDefaults()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 2, 4, 4]), weight = Sample.Steps([3, 2, 3, 3], 3, 13), single = Sample.Steps([2, 1, 3, 3], 3, 13);
        Expect.Close(
            [
                3.6875f, -2.5f, -3.1875f, 5.75f, 5.75f, 1, -5.6875f, 3.3125f, -1.9375f, 3.6875f, -0.0625f, 0.0625f, 3.6875f, 3.6875f, -2.5f, -3.1875f, -3.25f,
                5.75f, 2.5f, -5.6875f, -2.0625f, -1.9375f, -2.25f, -0.0625f,
            ],
            conv2d(x, weight));
        Expect.Close(
            [2.5f, -1.3125f, -2.8125f, 2.875f, 1.1875f, -1.1875f, 0.125f, 2.875f, 0.5625f, -0.125f, 0.0625f, 2, 0.25f, 3.8125f, 1.25f, -5.1875f],
            conv2d(x, single, strides: [1, 2], padding: [0, 1], groups: 2));
        Tensor dilated = conv2d(x, weight, padding: [2, 2], dilation: [2, 2]);
        Expect.Shape([2, 3, 4, 4], dilated);
        Expect.Close(
            [
                -1.0625f, -2.625f, -2.125f, 3.375f, 0.25f, 0.0625f, 4.0625f, -0.75f, 0.625f, -0.0625f, 1.1875f, -1.375f, -2.125f, -0.75f, 3.3125f, 0.0625f,
                1.1875f, -1.0625f, 0.625f, -2.125f, 2.5f, 0.25f, -0.75f, 4.0625f, -2.125f, 0.625f, -1.0625f, 1.1875f, -0.75f, -2.125f, -2.375f, 3.3125f,
            ],
            dilated.narrow(1, 0, 1));
    }

    [TestMethod]
    public void ConvTranspose2d_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 2, 2, 2]).requires_grad_(), weight = Sample.Steps([2, 3, 3, 3], 3, 13).requires_grad_(), bias = Bias;
        Tensor y = conv_transpose2d(x, weight, bias, strides: [2, 2], padding: [1, 1], output_padding: [1, 1]);
        Expect.Shape([2, 3, 4, 4], y);
        Expect.Close(
            [
                -1.625f, 0.9375f, 2, 0.1875f, 0.5625f, -3, -1.125f, 2.0625f, -1.25f, 1.6875f, 2.375f, -0.75f, 1.5f, -1.6875f, 1.125f, 2.0625f, 0.6875f, 1.5625f,
                -1.1875f, -1.375f, -1.0625f, -4.375f, -2.375f, 0.8125f, -1, 0.625f, -2.875f, -1.9375f, 0.125f, -2.75f, -0.0625f, 0.875f, 3.4375f, 4.25f, 1.75f,
                1.5625f, 1, 2.8125f, 3.3125f, 2.4375f, 2.125f, 4.0625f, 0.4375f, 1.375f, 0, 2.3125f, 3.25f, 0.125f, -1.5f, 1.1875f, 2.125f, -0.125f, 0.8125f,
                0.8125f, 1.1875f, 2.25f, -1.125f, -0.125f, -1.625f, 1.6875f, 1.9375f, -0.9375f, 0.1875f, -1.375f, 0.125f, 1.25f, -1.75f, -1.5625f, -0.5625f,
                -0.75f, -0.5f, 0.5625f, -1.5625f, -2.4375f, 0.6875f, -0.0625f, 0.6875f, -2.4375f, -1.5625f, -3.125f, 3, 4.1875f, 1.3125f, 1.5f, 0.9375f,
                5.4375f, 3.9375f, 0.9375f, 1.6875f, 0.5625f, 3.4375f, 2.6875f, -0.125f, 1.375f, 0.375f, 3.6875f,
            ],
            y);
        IList<Tensor> gradients = Sample.Gradients(y, x, weight, bias);
        Expect.Close(
            [-2.4375f, 0.6875f, 0, -1.25f, -3.4375f, -1.1875f, -1.5625f, -3.125f, -1.125f, 4.8125f, -2.5625f, -5.0625f, -3.6875f, -5.3125f, 0.9375f, 0],
            gradients[0], "input");
        Expect.Close(
            [
                -0.625f, -1.625f, -1.6875f, 0.3125f, -0.875f, -0.4375f, 1.3125f, -3.0625f, -1.75f, -0.625f, 0.875f, -0.9375f, 2.5625f, -2.625f, -1.3125f, 2.25f,
                -2.1875f, -0.875f, -0.625f, -1.4375f, 0.6875f, 1.3125f, -3.0625f, -1.75f, 1, -0.4375f, -2.625f, 0.4375f, 2.6875f, 3.625f, -0.875f, 1, 2.625f,
                -1.5f, 3.125f, 3, 0.1875f, 2.375f, 1.5625f, -0.75f, 1.625f, 1.5f, -0.5f, 1.125f, 1, 0.375f, 2.0625f, 3, -1.5f, 3.125f, 3, -1.25f, 2.625f,
                1.625f,
            ],
            gradients[1], "weight");
        Expect.Close([30.75f, 32, 33.25f], gradients[2], "bias");
        Expect.Close([0.375f, -0.125f, -0.625f, 0.25f, 0.5f, 0.75f], conv_transpose2d(x, weight).sum([2, 3]));
    }

    [TestMethod]
    public void MaxPool2d_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([1, 2, 5, 5], 9, 23).requires_grad_();
        Tensor y = max_pool2d(x, 2, 2, ceil_mode: true);
        Expect.Shape([1, 2, 3, 3], y);
        Expect.Close([2.75f, 1.75f, 0.5f, 2.5f, 1.25f, 0, 2, 0.75f, -0.5f, 1.75f, 2.75f, -0.75f, 1.25f, 2.25f, -1.25f, 0.75f, 1.75f, -1.75f], y);
        Expect.Close(
            [
                0, 0, 1.5f, 0, 1, 0.25f, 0, 0, 0, 0, 0.5f, 0, 1.75f, 0, 1.25f, 0, 0, 0, 0, 0, 0.75f, 0, 0.25f, 0, 1.5f, 1, 0, 0, 0.5f, 1.75f, 0, 0, 0, 0, 0,
                1.25f, 0, 0, 0.75f, 0.25f, 0, 0, 0, 0, 0, 1.5f, 0, 0, 1, 0.5f,
            ],
            Sample.Gradients(y, x)[0], "input");
        Expect.Close([2.75f, 1.75f, 2.5f, 1.25f, 1.75f, 2.75f, 1.25f, 2.25f], max_pool2d(x, 2), "a window's own size as its stride");
        Expect.Close(
            [2.75f, 1.75f, 1.75f, 0.5f, 2.75f, 1.5f, 1.5f, 0.25f, 2.25f, 1, 1, -0.25f, 1.75f, 0.5f, 2.75f, 2.75f, 1.5f, 0.25f, 2.5f, 2.5f, 1, -0.25f, 2, 2],
            max_pool2d(x, [3, 2], [2, 1], [1, 0]), "a size for each axis");
    }

    [TestMethod]
    public void Channels_ThatDoNotFit_AreAnError()
    {
        using DisposeScope scope = NewDisposeScope();
        var error = Assert.ThrowsExactly<ExternalException>(() => conv2d(Sample.Steps([1, 3, 4, 4]), Sample.Steps([3, 2, 3, 3])));
        StringAssert.Contains(error.Message, "expected input[1, 3, 4, 4] to have 2 channels");
    }
}
