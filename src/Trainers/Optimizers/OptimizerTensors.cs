using System.Reflection;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>What an optimizer keeps of each parameter, to be written and read: the fields of its state.</summary>
/// <remarks>TorchSharp gives them PyTorch's names, such as <c>exp_avg</c>.</remarks>
internal static class OptimizerTensors
{
    /// <summary>The tensors, and the steps as a tensor of one number, each under the parameter's name and its own.</summary>
    public static IEnumerable<(string Name, Tensor Tensor)> Of(OptimizerHelper optimizer, IEnumerable<string> parameters)
    {
        foreach (var (name, state, field) in Fields(optimizer, parameters))
        {
            if (field.GetValue(state) is Tensor tensor)
                yield return (name, tensor);
            else if (field.GetValue(state) is long steps)
                yield return (name, torch.tensor([steps], dtype: ScalarType.Int64, device: CPU));
        }
    }

    /// <summary>Gives an optimizer such tensors.</summary>
    /// <param name="optimizer">The optimizer.</param>
    /// <param name="parameters">The names of its parameters.</param>
    /// <param name="find">A tensor by its name; null where there is none.</param>
    public static void Load(OptimizerHelper optimizer, IEnumerable<string> parameters, Func<string, Tensor?> find)
    {
        using var none = no_grad();
        foreach (var (name, state, field) in Fields(optimizer, parameters))
        {
            if (find(name) is not { } found)
                continue;
            if (field.FieldType == typeof(long))
                field.SetValue(state, found.item<long>());
            else if (field.GetValue(state) is Tensor tensor)
                tensor.copy_(found);
            else
                field.SetValue(state, found.DetachFromDisposeScope());
        }
    }

    private static IEnumerable<(string Name, OptimizerState State, FieldInfo Field)> Fields(
        OptimizerHelper optimizer, IEnumerable<string> parameters) =>
        from pair in parameters.Zip(optimizer.state_dict().State)
        from field in pair.Second.GetType().GetFields()
        select ($"{pair.First}.{field.Name}", pair.Second, field);
}
