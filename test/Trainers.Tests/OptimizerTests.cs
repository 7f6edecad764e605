using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The optimizers, against their formulas in double.</summary>
[TestClass]
public sealed class OptimizerTests
{
    private const int Count = 37, Steps = 25;
    private const double Rate = 0.01;

    [TestMethod]
    public void Adam_is_Kingmas_and_Bas() => Check(new AdamOptimizer(0.8, 0.95, 1e-6), Adam(0.8, 0.95, 1e-6, 0));

    [TestMethod]
    public void AdamW_decays_the_weights_beside_it() => Check(new AdamWOptimizer(0.1), Adam(0.9, 0.999, 1e-8, 0.1));

    [TestMethod]
    public void Sgd_has_momentum()
    {
        double[] velocity = new double[Count];
        Check(new SgdOptimizer(0.7), (i, _, w, g) => w - Rate * (velocity[i] = velocity[i] * 0.7 + g));
    }

    [TestMethod]
    public void RmsProp_divides_by_the_root_of_the_mean_square()
    {
        double[] square = new double[Count];
        Check(new RmsPropOptimizer(0.9, 1e-6), (i, _, w, g) =>
            w - Rate * g / (Math.Sqrt(square[i] = square[i] * 0.9 + 0.1 * g * g) + 1e-6));
    }

    [TestMethod]
    public void A_parameter_without_a_gradient_stays()
    {
        foreach (Optimizer optimizer in new Optimizer[] { new AdamOptimizer(), new AdamWOptimizer(), new SgdOptimizer(),
            new RmsPropOptimizer() })
        {
            using var scope = NewDisposeScope();
            Parameter[] parameters = [new Parameter(ones(2)), new Parameter(ones(3))];
            parameters[1].grad = ones(3);
            using var state = optimizer.Start(parameters);
            state.step();
            Assert.AreEqual(1, parameters[0].min().item<float>(), $"{optimizer}");
            Assert.IsLessThan(1, parameters[1].max().item<float>(), $"{optimizer}");
        }
    }

    [TestMethod]
    public void A_state_that_was_saved_goes_on_bit_for_bit()
    {
        foreach (Optimizer optimizer in new Optimizer[] { new AdamOptimizer(), new AdamWOptimizer(), new SgdOptimizer(),
            new SgdOptimizer(0), new RmsPropOptimizer() })
        {
            using var scope = NewDisposeScope();
            var random = new Random(4);
            using var weights = tensor(Numbers(random));
            float[][] gradients = [.. Enumerable.Range(0, 6).Select(_ => Numbers(random))];
            var whole = new Parameter(weights.clone());
            using var unbroken = optimizer.Start([whole]);
            Run(unbroken, whole, gradients);

            var first = new Parameter(weights.clone());
            using var broken = optimizer.Start([first]);
            Run(broken, first, gradients[..3]);
            using var stream = new MemoryStream();
            broken.save_state_dict(new BinaryWriter(stream));
            var second = new Parameter(first.detach().clone());
            using var resumed = optimizer.Start([second]);
            resumed.load_state_dict(new BinaryReader(new MemoryStream(stream.ToArray())));
            Run(resumed, second, gradients[3..]);
            CollectionAssert.AreEqual(whole.bytes.ToArray(), second.bytes.ToArray(), $"{optimizer}");
        }

        static void Run(OptimizerHelper state, Parameter parameter, float[][] gradients)
        {
            foreach (float[] gradient in gradients)
            {
                parameter.grad = tensor(gradient);
                state.step();
            }
        }

        static float[] Numbers(Random random) => [.. Enumerable.Range(0, Count).Select(_ => random.NextSingle() - 0.5f)];
    }

    private static Func<int, int, double, double, double> Adam(double beta1, double beta2, double epsilon, double decay)
    {
        double[] mean = new double[Count], square = new double[Count];
        return (i, step, w, g) =>
        {
            mean[i] = beta1 * mean[i] + (1 - beta1) * g;
            square[i] = beta2 * square[i] + (1 - beta2) * g * g;
            return w * (1 - Rate * decay) - Rate * (mean[i] / (1 - Math.Pow(beta1, step))) / (
                Math.Sqrt(square[i] / (1 - Math.Pow(beta2, step))) + epsilon);
        };
    }

    /// <param name="optimizer">The optimizer.</param>
    /// <param name="formula">The new weight from its place, the step from 1, the weight and the gradient.</param>
    private static void Check(Optimizer optimizer, Func<int, int, double, double, double> formula)
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        double[] weights = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() - 0.5)];
        var parameter = new Parameter(tensor(Array.ConvertAll(weights, weight => (float)weight)));
        using var state = optimizer.Start([parameter]);
        for (int step = 1; step <= Steps; step++)
        {
            double[] gradients = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() - 0.5)];
            parameter.grad = tensor(Array.ConvertAll(gradients, gradient => (float)gradient));
            foreach (var group in state.ParamGroups)
                group.LearningRate = Rate;
            state.step();
            for (int i = 0; i < Count; i++)
                weights[i] = formula(i, step, weights[i], gradients[i]);
        }

        // 25 steps in Single.
        float[] actual = MemoryMarshal.Cast<byte, float>(parameter.detach().bytes).ToArray();
        for (int i = 0; i < Count; i++)
            Assert.AreEqual(weights[i], actual[i], 2e-6);
    }
}
