using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>The optimisers, against their formulas in double.</summary>
[TestClass]
public sealed class OptimiserTests
{
    private const int Count = 37, Steps = 25;
    private const double Rate = 0.01;

    [TestMethod]
    public void Adam_is_Kingmas_and_Bas() => Check(new AdamOptimiser(0.8, 0.95, 1e-6), Adam(0.8, 0.95, 1e-6, 0));

    [TestMethod]
    public void AdamW_decays_the_weights_beside_it() => Check(new AdamWOptimiser(0.1), Adam(0.9, 0.999, 1e-8, 0.1));

    [TestMethod]
    public void Sgd_has_momentum()
    {
        double[] velocity = new double[Count];
        Check(new SgdOptimiser(0.7), (i, _, w, g) => w - Rate * (velocity[i] = velocity[i] * 0.7 + g));
    }

    [TestMethod]
    public void RmsProp_divides_by_the_root_of_the_mean_square()
    {
        double[] square = new double[Count];
        Check(new RmsPropOptimiser(0.9, 1e-6), (i, _, w, g) => w - Rate * g / (Math.Sqrt(square[i] = square[i] * 0.9 + 0.1 * g * g) + 1e-6));
    }

    [TestMethod]
    public void The_gradients_norm_is_over_all_of_them()
    {
        using var scope = NewDisposeScope();
        Parameter[] parameters = [new Parameter(zeros(2)), new Parameter(zeros(1))];
        parameters[0].grad = tensor(new float[] { 3, 4 });
        parameters[1].grad = tensor(new float[] { 12 });
        using var state = new SgdOptimiser(0).Start(parameters);
        Assert.AreEqual(13, state.GradientNorm(), 1e-6);
        state.Step(1, gradientScale: 0.5);
        Assert.AreEqual(-6, parameters[1].item<float>());
    }

    private static Func<int, int, double, double, double> Adam(double beta1, double beta2, double epsilon, double decay)
    {
        double[] mean = new double[Count], square = new double[Count];
        return (i, step, w, g) =>
        {
            mean[i] = beta1 * mean[i] + (1 - beta1) * g;
            square[i] = beta2 * square[i] + (1 - beta2) * g * g;
            return w * (1 - Rate * decay) - Rate * (mean[i] / (1 - Math.Pow(beta1, step))) / (Math.Sqrt(square[i] / (1 - Math.Pow(beta2, step))) + epsilon);
        };
    }

    /// <param name="optimiser">The optimiser.</param>
    /// <param name="formula">The new weight from its place, the step from 1, the weight and the gradient.</param>
    private static void Check(Optimiser optimiser, Func<int, int, double, double, double> formula)
    {
        using var scope = NewDisposeScope();
        var random = new Random(4);
        double[] weights = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() - 0.5)];
        var parameter = new Parameter(tensor(Array.ConvertAll(weights, weight => (float)weight)));
        using var state = optimiser.Start([parameter]);
        for (int step = 1; step <= Steps; step++)
        {
            double[] gradients = [.. Enumerable.Range(0, Count).Select(_ => random.NextDouble() - 0.5)];
            parameter.grad = tensor(Array.ConvertAll(gradients, gradient => (float)gradient));
            state.Step(Rate);
            for (int i = 0; i < Count; i++)
                weights[i] = formula(i, step, weights[i], gradients[i]);
        }

        // 25 steps in Single.
        float[] actual = MemoryMarshal.Cast<byte, float>(parameter.detach().bytes).ToArray();
        for (int i = 0; i < Count; i++)
            Assert.AreEqual(weights[i], actual[i], 2e-6);
    }
}
