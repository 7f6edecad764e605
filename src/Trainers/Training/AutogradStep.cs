using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>A step by automatic differentiation, for any loss.</summary>
internal sealed class AutogradStep(IReadOnlyList<Parameter> parameters, Func<TrainingBatch, int, Pass, List<Tensor>> terms) : ITrainingStep
{
    public void Run(TrainingBatch batch, int epoch, Pass pass, StepLosses losses)
    {
        using var scope = NewDisposeScope();
        foreach (var parameter in parameters)
            parameter.grad = null;
        var values = terms(batch, epoch, pass);
        values.Aggregate((sum, term) => sum.Plus(term)).backward();
        losses.Add(values);
    }

    public void Dispose()
    {
        foreach (var parameter in parameters)
            parameter.grad = null;
    }
}
