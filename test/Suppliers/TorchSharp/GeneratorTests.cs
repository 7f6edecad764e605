using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
[DoNotParallelize]
public sealed class GeneratorTests
{
    [TestMethod]
    public void ManualSeed_StartsPyTorchsStream()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        Expect.Close([0.7576316f, 0.279310882f, 0.403069258f, 0.734684467f], rand(4), "rand");
        Expect.Close([0.0616772585f, 0.621317327f, -0.451905966f, -0.16613023f], randn(4), "randn");
        CollectionAssert.AreEqual(new[] { 6L, 9, 7, 8, 4, 0, 3, 5, 2, 1 }, randperm(10).data<long>().ToArray());
        CollectionAssert.AreEqual(new[] { 93L, 46, 4, 23, 76, 74 }, randint(0, 100, [6]).data<long>().ToArray());
        Expect.Close([3.57320213f, 5.04708338f, 2.77123165f], empty(3).normal_(2, 3), "normal_");
        Expect.Close([-0.48233211f, 0.87811172f, -0.166568995f], empty(3).uniform_(-1, 1), "uniform_");
        Expect.Close([0, 0, 0, 0, 0, 0, 1, 1], empty(8).bernoulli_(0.3), "bernoulli_");
        Expect.Close([-1.25974905f, 0.254633486f, -0.501957297f], randn(20).narrow(0, 17, 3), "randn of 20");
    }

    [TestMethod]
    public void ExplicitGenerator_HasItsOwnStream_AndLeavesTheProcessWideOneAlone()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(1);
        Tensor before = Generator.Default.get_state();
        using var generator = new Generator(42);
        Expect.Close([0.882269263f, 0.915003955f, 0.38286376f], rand([3], generator: generator), "rand");
        Expect.Close([-0.829319179f, -1.61370695f, -0.214704528f], randn([3], generator: generator), "randn");
        CollectionAssert.AreEqual(new[] { 4L, 1, 0, 3, 2, 5 }, randperm(6, generator: generator).data<long>().ToArray());
        Expect.Close([0.885442913f, 0.573904455f], empty(2).uniform_(0, 1, generator), "uniform_");
        empty(2).normal_(0, 1, generator);
        empty(2).bernoulli_(0.5, generator);
        randint(0, 9, [2], generator: generator);
        bernoulli(full([3], 0.5), generator);
        Assert.IsTrue(before.Equals(Generator.Default.get_state()));
    }

    [TestMethod]
    public void ExplicitGenerator_DrawsNoiseAndMasksOfAnyShape()
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(42);
        Expect.Close([0, 0, 1, 0, 1], bernoulli(tensor([0f, 0.5f, 0.5f, 0.5f, 1]), generator), "bernoulli");
        Expect.Close([0.32575187f, -0.86762816f, 1.5231339f, 0.66466486f], randn(2, 2, generator: generator), "randn");
        Expect.Close([0, 0, 1, 0, 0, 1], (rand(2, 3, generator: generator) < 0.5).to(ScalarType.Float32), "rand below a rate");
        long[] shape = [4, 5];
        Expect.Close([0.049905386f, 2.266718f, 1.1789509f, -0.4344544f, -1.3863655f], randn(shape, generator: generator)[3], "randn of a shape");
    }

    [TestMethod]
    public void Generator_SeedsAndRestores()
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(3);
        Assert.AreEqual(3, generator.initial_seed());
        Tensor state = generator.get_state();
        Tensor first = rand([5], generator: generator), second = rand([5], generator: generator);
        Assert.IsFalse(first.Equals(second));
        generator.set_state(state);
        Assert.IsTrue(first.Equals(rand([5], generator: generator)));
        Assert.AreSame(generator, generator.manual_seed(3));
        Assert.IsTrue(first.Equals(rand([5], generator: generator)));
    }

    [TestMethod]
    public void LayersAndDropout_DrawFromTheProcessWideStream()
    {
        using DisposeScope scope = NewDisposeScope();
        manual_seed(3);
        using var linear = nn.Linear(3, 2);
        Expect.Close([-0.572427154f, -0.455449253f, -0.247287795f, -0.546225488f, -0.0327769108f, -0.507933974f], linear.weight, "weight");
        Expect.Close([0.313923627f, 0.281399786f], linear.bias!, "bias");
        manual_seed(5);
        float kept = 1 / 0.6f;
        Expect.Close([0, kept, kept, kept, kept, 0, kept, 0, 0, kept], nn.functional.dropout(ones(10), 0.4), "dropout");
        Expect.Close([1, 1, 1], nn.functional.dropout(ones(3), 0.4, training: false), "dropout out of training");
    }
}
