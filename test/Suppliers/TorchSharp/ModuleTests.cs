using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder.Tests.Suppliers.TorchSharp;

[TestClass]
public sealed class ModuleTests
{
    [TestMethod]
    public void Parameter_TakesOverItsTensor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor data = tensor([1f, 2]);
        var parameter = new Parameter(data);
        Assert.IsTrue(data.IsInvalid);
        Assert.IsTrue(parameter.requires_grad);
        Assert.IsTrue(parameter.is_leaf);
        Expect.Close([1, 2], parameter);
        Assert.IsTrue(scope.Contains(parameter));
        Assert.IsFalse(scope.Contains(data));
        Assert.IsFalse(new Parameter(tensor([1f]), requires_grad: false).requires_grad);
    }

    [TestMethod]
    public void Components_AreRegisteredUnderTheirFieldsNames()
    {
        using var net = new Net();
        CollectionAssert.AreEqual(
            new[] { "scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias" }, net.named_parameters().Select(p => p.name).ToArray());
        CollectionAssert.AreEqual(new[] { "offset" }, net.named_buffers().Select(b => b.name).ToArray());
        CollectionAssert.AreEqual(new[] { "first", "rest" }, net.named_children().Select(c => c.name).ToArray());
        CollectionAssert.AreEqual(new[] { "first", "rest", "rest.0", "rest.1" }, net.named_modules().Select(m => m.name).ToArray());
        CollectionAssert.AreEqual(
            new[] { "scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias", "offset" }, net.state_dict().Keys.ToArray());
        Assert.AreEqual(5, net.parameters().Count());
        Assert.AreEqual("Net", net.GetName());
    }

    [TestMethod]
    public void StateDict_GoesIntoAnotherModule()
    {
        using DisposeScope scope = NewDisposeScope();
        using Net from = new(), to = new();
        Tensor x = ones(2, 4);
        Assert.IsFalse(from.call(x).Equals(to.call(x)));
        var (missing, unexpected) = to.load_state_dict(from.state_dict());
        Assert.AreEqual(0, missing.Count + unexpected.Count);
        Assert.IsTrue(from.call(x).Equals(to.call(x)));

        Dictionary<string, Tensor> less = from.state_dict();
        less.Remove("scale");
        less["other"] = x;
        Assert.ThrowsExactly<InvalidOperationException>(() => to.load_state_dict(less));
        (missing, unexpected) = to.load_state_dict(less, strict: false);
        CollectionAssert.AreEqual(new[] { "scale" }, missing.ToArray());
        CollectionAssert.AreEqual(new[] { "other" }, unexpected.ToArray());
    }

    [TestMethod]
    public void TrainAndEval_ReachEveryModule()
    {
        using var net = new Net();
        Assert.IsTrue(net.training);
        net.eval();
        Assert.IsTrue(net.modules().All(module => !module.training));
        Assert.IsFalse(net.training);
        net.train();
        Assert.IsTrue(net.modules().All(module => module.training));
        int visited = 0;
        net.apply(_ => visited++);
        Assert.AreEqual(5, visited);
    }

    [TestMethod]
    public void ZeroGrad_TakesGradientsAway_AndTheOptimizersSetsThemToZero()
    {
        using DisposeScope scope = NewDisposeScope();
        using var linear = nn.Linear(2, 1);
        using var optimizer = optim.SGD(linear.parameters(), 0.1);
        linear.call(ones(1, 2)).sum().backward();
        optimizer.zero_grad();
        Expect.Close([0, 0], linear.weight.grad!);
        linear.zero_grad();
        Assert.IsNull(linear.weight.grad);
    }

    [TestMethod]
    public void Module_FreesItsParametersAndThoseWithin()
    {
        var net = new Net();
        Parameter[] parameters = [.. net.parameters()];
        net.Dispose();
        Assert.IsTrue(parameters.All(parameter => parameter.IsInvalid));
    }

    [TestMethod]
    public void Parameters_OutliveTheScopeThatTheModuleWasMadeIn()
    {
        Linear linear;
        using (NewDisposeScope())
            linear = nn.Linear(2, 2);
        Assert.IsFalse(linear.weight.IsInvalid);
        linear.Dispose();
    }

    [TestMethod]
    public void Registering_RefusesTheSameNameTwice()
    {
        using var net = new Net();
        Assert.ThrowsExactly<InvalidOperationException>(() => net.register_parameter("scale", net.get_parameter("scale")!));
        using Tensor buffer = ones(1);
        Assert.ThrowsExactly<InvalidOperationException>(() => net.register_buffer("offset", buffer));
        using var other = nn.ReLU();
        Assert.ThrowsExactly<InvalidOperationException>(() => net.register_module("first", other));
        Assert.ThrowsExactly<ArgumentException>(() => net.register_module("a.b", other));
    }

    [TestMethod]
    public void To_ChangesTheTypeOfEverything()
    {
        using DisposeScope scope = NewDisposeScope();
        using var linear = nn.Linear(2, 2);
        linear.to(ScalarType.Float64);
        Assert.AreEqual(ScalarType.Float64, linear.weight.dtype);
        Assert.IsTrue(linear.weight.requires_grad && linear.weight.is_leaf);
        linear.call(ones([1, 2], ScalarType.Float64)).sum().backward();
        Assert.IsNotNull(linear.bias!.grad);
        using var net = new Net();
        Assert.ThrowsExactly<ArgumentException>(() => net.to(ScalarType.Int64));
    }

    [TestMethod]
    public void Sequential_PassesFromOneToTheNext()
    {
        using DisposeScope scope = NewDisposeScope();
        using var first = nn.Linear(3, 2);
        using var net = nn.Sequential(("one", first), ("two", nn.Sigmoid()));
        Tensor x = ones(1, 3);
        Assert.IsTrue(net.call(x).Equals(first.call(x).sigmoid()));
        CollectionAssert.AreEqual(new[] { "one.weight", "one.bias" }, net.state_dict().Keys.ToArray());
        using var empty = nn.Sequential();
        Assert.IsTrue(empty.call(x).Equals(x));
        Assert.IsFalse(x.IsInvalid);
    }

    private sealed class Net : nn.Module<Tensor, Tensor>
    {
        private readonly Parameter scale = new(ones(1));
        private readonly Linear first = nn.Linear(4, 3);
        private readonly Sequential rest = nn.Sequential(nn.Linear(3, 2), nn.Tanh());
        private readonly Tensor offset = zeros(1);

        public Net()
            : base("Net") => RegisterComponents();

        public override Tensor forward(Tensor input) => rest.call(first.call(input)) * scale + offset;
    }
}
