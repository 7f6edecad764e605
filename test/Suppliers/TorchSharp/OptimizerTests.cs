using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class OptimizerTests
{
    /// <summary>Three steps on sum((p^2 - [0, 1, 2, 3.5])^2) from [1, -2, 0.5, 3].</summary>
    [TestMethod]
    public void Steps_GivePyTorchsValues()
    {
        Check([0.707512856f, -1.70354187f, 0.800485015f, 2.70245337f], p => optim.Adam(p, lr: 0.1), "Adam");
        Check(
            [0.706910968f, -1.70344007f, 0.800482571f, 2.70241427f], p => optim.Adam(p, lr: 0.1, weight_decay: 0.3, amsgrad: true), "Adam decay amsgrad");
        Check([1.03002429f, -2.03001571f, 0.470015109f, 3.03001237f], p => optim.Adam(p, lr: 0.01, maximize: true), "Adam maximize");
        Check([0.657108724f, -1.59428906f, 0.765116751f, 2.53454876f], p => optim.AdamW(p, lr: 0.1, weight_decay: 0.2), "AdamW");
        Check([0.892992377f, -1.50916541f, 0.609935582f, 2.05643392f], p => optim.SGD(p, 0.01), "SGD");
        Check(
            [0.895915926f, -1.45149922f, 0.593484461f, 1.71583283f],
            p => optim.SGD(p, 0.005, momentum: 0.9, dampening: 0.1, weight_decay: 0.1), "SGD momentum decay");
        Check([0.85414499f, -1.30367017f, 0.646516144f, 1.57928169f], p => optim.SGD(p, 0.005, momentum: 0.9, nesterov: true), "SGD Nesterov");

        static void Check(float[] expected, Func<IEnumerable<Parameter>, optim.Optimizer> make, string what)
        {
            using DisposeScope scope = NewDisposeScope();
            var parameter = new Parameter(tensor([1f, -2, 0.5f, 3]));
            using optim.Optimizer optimizer = make([parameter]);
            Tensor target = tensor([0f, 1, 2, 3.5f]);
            for (int step = 0; step < 3; step++)
            {
                optimizer.zero_grad();
                (parameter * parameter - target).square().sum().backward();
                optimizer.step();
            }

            Expect.Close(expected, parameter, what);
        }
    }

    [TestMethod]
    public void OtherTypesAndStrides_StepAlike()
    {
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor start = tensor([1f, -2, 0.5f, 3, 4, -5], [2, 3]).to(type);
            Parameter plain = new(start.clone()), turned = new(start.t().contiguous().t());
            using var one = optim.Adam([plain], lr: 0.1, weight_decay: 0.01);
            using var two = optim.Adam([turned], lr: 0.1, weight_decay: 0.01);
            for (int step = 0; step < 3; step++)
            {
                foreach (var (parameter, optimizer) in new[] { (plain, one), (turned, two) })
                {
                    optimizer.zero_grad();
                    parameter.pow(2).sum().backward();
                    optimizer.step();
                }
            }

            Assert.IsTrue(plain.allclose(turned, rtol: 1e-6), $"{type}");
        }
    }

    [TestMethod]
    public void LearningRate_IsSetThroughTheGroups()
    {
        using DisposeScope scope = NewDisposeScope();
        var parameter = new Parameter(ones(1));
        using var optimizer = optim.SGD([parameter], 1);
        foreach (optim.ILearningRateController group in optimizer.ParamGroups)
        {
            Assert.AreEqual(1.0, group.InitialLearningRate);
            group.LearningRate = 0.25;
        }

        parameter.sum().backward();
        optimizer.step();
        Expect.Close([0.75f], parameter);
    }

    [TestMethod]
    public void ParameterWithoutGradient_StaysAsItIs()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter used = new(ones(1)), unused = new(ones(1));
        using var optimizer = optim.AdamW([used, unused], lr: 0.1, weight_decay: 0.5);
        used.sum().backward();
        optimizer.step();
        Expect.Close([1], unused);
        Assert.AreNotEqual(1f, used.item<float>());
    }

    [TestMethod]
    public void WrongSettings_AreRefused()
    {
        using var parameter = new Parameter(ones(1));
        Assert.ThrowsExactly<ArgumentException>(() => optim.Adam([parameter], lr: -1));
        Assert.ThrowsExactly<ArgumentException>(() => optim.Adam([parameter], beta1: 1));
        Assert.ThrowsExactly<ArgumentException>(() => optim.SGD([parameter], 0.1, nesterov: true));
    }
}
