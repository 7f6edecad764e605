using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class NormalizationTests
{
    /// <summary>Float32's rounding in sums, whose order is a library's own, over a standard deviation of about one.</summary>
    private const double Rounding = 1e-5;

    private static Tensor Scale => tensor([1f, 0.5f, 2], requires_grad: true);

    private static Tensor Shift => tensor([0f, -1, 0.25f], requires_grad: true);

    [TestMethod]
    public void BatchNorm_InTraining_UsesTheBatch_AndMovesTheRunningStatistics()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([4, 3, 2, 2]).requires_grad_(), weight = Scale, bias = Shift;
        Tensor mean = tensor([0f, 1, -1]), variance = tensor([1f, 2, 0.5f]);
        Tensor y = batch_norm(x, mean, variance, weight, bias, training: true, momentum: 0.2, eps: 1e-3);
        Expect.Close(
            [
                -1.8023359f, 0.34512815f, -0.8819941f, 1.2654699f, -0.82739115f, -1.5178267f, -0.30956447f, -1, -1.6673787f, 2.6275494f, 0.17330486f,
                -2.2809398f, 0.34512815f, -0.8819941f, 1.2654699f, 0.038347572f, -1.5178267f, -0.30956447f, -1, -1.6904355f, 2.6275494f, 0.17330486f,
                -2.2809398f, 2.0139883f,
            ],
            y.narrow(0, 0, 2), tolerance: Rounding);
        Expect.Close([0.04375f, 0.8f, -0.84375f], mean, "running mean", Rounding);
        Expect.Close([0.94145834f, 1.7116667f, 0.54145837f], variance, "running variance", Rounding);
        IList<Tensor> gradients = Sample.Gradients(y, x, weight, bias);
        Expect.Close(
            [
                -0.37966007f, 0.5100264f, 0.2645889f, -0.99318874f, 0.5921152f, 0.03604761f, 0.059817072f, -0.49625054f, 0.6905532f, 0.40765005f, -1.3590261f,
                1.1692259f, 0.2032458f, -0.04219168f, -1.2999693f, 0.6020573f, -0.13656127f, -0.112791814f, 0.5394028f, -0.01666485f, -0.2059111f, -1.9725872f,
                0.55566466f, 0.27276158f, -0.34897226f, 0.54071414f, 0.29527673f, 0.049839243f, -0.2854007f, 0.36679387f, -0.18927373f, -0.16550428f,
                1.7087797f, -0.057896458f, -0.34079957f, -2.1074758f, 0.23393361f, -0.011503865f, -0.25694132f, 0.6327451f, 0.19418499f, -0.36188263f,
                -0.33811316f, 0.3140814f, -0.6714576f, -0.95436066f, 1.5738912f, 1.2909882f,
            ],
            gradients[0], "input", Rounding);
        Expect.Close([3.9114523f, -3.5384822f, -2.866481f], gradients[1], "weight", Rounding);
        Expect.Close([16, 15.5f, 16.75f], gradients[2], "bias", Rounding);
    }

    [TestMethod]
    public void BatchNorm_OutOfTraining_UsesTheRunningStatistics_AndLeavesThem()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([4, 3, 2, 2]).requires_grad_(), weight = Scale, bias = Shift;
        Tensor mean = tensor([0.04375f, 0.8f, -0.84375f]), variance = tensor([0.94145834f, 1.7116667f, 0.54145837f]);
        Tensor before = mean.clone(), spread = variance.clone();
        Tensor y = batch_norm(x, mean, variance, weight, bias, eps: 1e-3);
        Expect.Close(
            [
                -1.3326597f, 0.4699718f, -0.5601034f, 1.2425282f, -1.2101339f, -1.5921957f, -0.9235877f, -1.3056494f, -0.174294f, 4.577798f, 1.8623168f,
                -0.85316426f,
            ],
            y.narrow(0, 0, 1), tolerance: Rounding);
        Assert.IsTrue(before.Equals(mean));
        Assert.IsTrue(spread.Equals(variance));
        IList<Tensor> gradients = Sample.Gradients(y, x, weight, bias);
        Expect.Close(
            [
                0.2575188f, 1.5451128f, 1.0300752f, 0.5150376f, 0.66860807f, 0.47757718f, 0.28654632f, 0.09551544f, 4.0732217f, 2.715481f, 1.3577405f,
                4.752092f, 1.287594f, 0.7725564f, 0.2575188f, 1.5451128f, 0.38206175f, 0.19103087f, 0.66860807f, 0.47757718f, 2.0366108f, 0.67887026f,
                4.0732217f, 2.715481f, 0.5150376f, 1.8026316f, 1.287594f, 0.7725564f, 0.09551544f, 0.57309264f, 0.38206175f, 0.19103087f, 4.752092f, 3.3943512f,
                2.0366108f, 0.67887026f, 1.5451128f, 1.0300752f, 0.5150376f, 1.8026316f, 0.47757718f, 0.28654632f, 0.09551544f, 0.57309264f, 2.715481f,
                1.3577405f, 4.752092f, 3.3943512f,
            ],
            gradients[0], "input", Rounding);
        Expect.Close([6.167575f, -11.433198f, 11.042249f], gradients[1], "weight", Rounding);
        Expect.Close([16, 15.5f, 16.75f], gradients[2], "bias", Rounding);
    }

    [TestMethod]
    public void BatchNorm_TakesRows()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = Sample.Steps([4, 3]), mean = zeros(3), variance = ones(3);
        Expect.Close(
            [
                -1.7042162f, 1.3415549f, 1.3415549f, 0.82054853f, 0.44718498f, 0.44718492f, 0.5680721f, -0.44718498f, -0.44718504f, 0.3155956f, -1.3415549f,
                -1.341555f,
            ],
            batch_norm(rows, mean, variance, training: true), tolerance: Rounding);
    }

    /// <summary>PyTorch's function refuses this; TorchSharp's goes to libtorch, which divides by a count less one.</summary>
    [TestMethod]
    public void BatchNorm_OfASingleRowInTraining_LosesTheRunningVariance()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor row = tensor([1f, 2, 3], [1, 3]), mean = zeros(3), variance = ones(3);
        batch_norm(row, mean, variance, training: true);
        Expect.Close([0.1f, 0.2f, 0.3f], mean, "running mean");
        Assert.IsTrue(variance.isnan().all().item<bool>());
    }

    [TestMethod]
    public void LayerNorm_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 4]).requires_grad_();
        Tensor weight = tensor([1f, 0.5f, 2, -1], requires_grad: true), bias = tensor([0f, -1, 0.25f, 3], requires_grad: true);
        Tensor y = layer_norm(x, [4], weight, bias);
        Expect.Close([-1.3130571f, -0.7373886f, -0.8004457f, 1.6869429f, 0.19999744f, -1.699991f, 3.049964f, 3.1999974f], y, tolerance: Rounding);
        IList<Tensor> gradients = Sample.Gradients(y, x, weight, bias);
        Expect.Close([-0.9598838f, 0.35769242f, 1.2179761f, -0.6157847f, 1.2199876f, 0.4599706f, 0.04002297f, -1.7199812f], gradients[0], "input", Rounding);
        Expect.Close([0.021731254f, -0.9621432f, 0.52476364f, 0.6065292f], gradients[1], "weight", Rounding);
        Expect.Close([2, 2.75f, 1.75f, 0.75f], gradients[2], "bias", Rounding);
        Expect.Close(
            [-1.513182f, 0.504394f, -0.6485066f, 1.3690695f, 0.21616887f, -0.9367317f, 1.0808443f, -0.07205628f],
            layer_norm(x, [2, 4], eps: 0.1), tolerance: Rounding);
    }

    [TestMethod]
    public void Normalize_GivesPyTorchsValuesAndGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = Sample.Steps([2, 4]).requires_grad_();
        Tensor y = normalize(x);
        Expect.Close([-0.65653217f, 0.26261285f, -0.26261285f, 0.65653217f, 0.19611613f, -0.5883484f, 0.78446454f, 0], y);
        Expect.Close([0.2331821f, 0.7470883f, 0.56597596f, 0.16073717f, 1.3426412f, 1.071096f, 0.46766144f, 0.19611613f], Sample.Gradients(y, x)[0], "input");
        Expect.Close([-0.9805807f, 0.5547002f, -0.4472136f, 1, 0.19611613f, -0.8320503f, 0.8944272f, 0], normalize(x, dim: 0), "columns");
        Expect.Close([0, 0, 0.75f, -0.25f], normalize(tensor([0f, 0, 3, -1], [2, 2]), p: 1), "a row of zeros, which stays one");
    }
}
