using System.Runtime.InteropServices;
using Microsoft.ML;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The written-out backward pass of plain dense networks, against automatic differentiation.</summary>
[TestClass]
public sealed class DenseStepTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    [TestMethod]
    [DataRow(Activation.Linear)]
    [DataRow(Activation.ReLU)]
    [DataRow(Activation.LeakyReLU)]
    [DataRow(Activation.Tanh)]
    [DataRow(Activation.Sigmoid)]
    public void Its_gradients_and_loss_are_those_of_automatic_differentiation(Activation activation)
    {
        var options = VariantRows.Options();
        options.Network = new DenseNetworkOptions { Hidden = [37, 9], Activation = activation, OutputActivation = activation };
        options.Code = new CodeOptions { Size = 5, Activation = activation };
        NetworkValues.Inspect(s_ml, options, VariantRows.View(s_ml, 100), (network, set) =>
        {
            using var generator = new torch.Generator(1, torch.CPU);
            using var step = DenseStep.TryCreate(network, options, set)!;
            var objective = new Objective(options, network, set);
            foreach (var batch in set.InOrder(48))
            {
                double loss = step.Run(batch.Rows, batch.Rows);
                float[][] written = [.. network.parameters().Select(parameter => Values(parameter.grad!))];
                TorchSharp.Modules.Parameter[] parameters = [.. network.parameters()];
                foreach (var parameter in parameters)
                    parameter.grad = null;
                var expected = objective.Terms(batch, 0, new Pass(IsTraining: true, generator)).Single();
                expected.backward();

                // Sums of Singles in another order.
                Assert.AreEqual(expected.item<float>(), loss, 1e-5 * Math.Abs(loss));
                for (int i = 0; i < parameters.Length; i++)
                {
                    float[] recorded = Values(parameters[i].grad!);
                    float largest = recorded.Max(Math.Abs);
                    Assert.AreEqual(recorded.Length, written[i].Length);
                    for (int j = 0; j < recorded.Length; j++)
                        Assert.AreEqual(recorded[j], written[i][j], 1e-5 * largest, $"{activation}, parameter {i}, element {j}");
                }
                step.Attach();
            }
        });
    }

    [TestMethod]
    public void It_is_for_plain_networks_only()
    {
        Assert.IsTrue(IsPlain(_ => { }));
        Assert.IsTrue(IsPlain(options => options.Corruption = new GaussianCorruption(0.1)));
        Assert.IsFalse(IsPlain(options => options.Network = options.Network with { Activation = Activation.GELU }));
        Assert.IsFalse(IsPlain(options => options.Network = options.Network with { Normalization = Normalization.Batch }));
        Assert.IsFalse(IsPlain(options => options.Network = (DenseNetworkOptions)options.Network with { Dropout = 0.1 }));
        Assert.IsFalse(IsPlain(options => options.Network = (DenseNetworkOptions)options.Network with { TiedWeights = true }));
        Assert.IsFalse(IsPlain(options => options.Loss = ReconstructionLoss.Huber));
        Assert.IsFalse(IsPlain(options => options.Penalties = [new L1Penalty(1)]));
        Assert.IsFalse(IsPlain(options => options.WeightL2 = 1));
        Assert.IsFalse(IsPlain(options => options.Code = options.Code with { NoiseDeviation = 1 }));
        Assert.IsFalse(IsPlain(options => options.ConditionColumnName = "Key"));
        Assert.IsFalse(IsPlain(options => options.WeightColumnName = "Weight"));

        static bool IsPlain(Action<AutoencoderEstimator.Options> change)
        {
            var options = VariantRows.Options();
            change(options);
            bool isPlain = false;
            NetworkValues.Inspect(s_ml, options, VariantRows.View(s_ml, 20), (network, set) =>
            {
                using var step = DenseStep.TryCreate(network, options, set);
                isPlain = step is not null;
            });
            return isPlain;
        }
    }

    private static float[] Values(torch.Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();
}
