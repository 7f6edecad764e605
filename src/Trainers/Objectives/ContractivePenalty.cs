using MLNetAutoencoder.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>How the norm of the Jacobian is had.</summary>
public enum JacobianMethod
{
    /// <summary>
    /// <see cref="ClosedForm"/> where it applies, otherwise <see cref="Exact"/> for codes of at most 16 units,
    /// otherwise <see cref="Stochastic"/>.
    /// </summary>
    Auto,

    /// <summary>Σⱼ (hⱼ(1 − hⱼ))² Σᵢ Wⱼᵢ² (Rifai et al. 2011, equation 7). For an encoder of one sigmoid layer.</summary>
    ClosedForm,

    /// <summary>By automatic differentiation, all code units in one pass over a batch that is repeated for each.</summary>
    Exact,

    /// <summary>‖vᵀJ‖² for one draw v of independent signs ±1 for each row, whose mean is ‖J‖²_F (Hutchinson 1989).</summary>
    Stochastic,
}

/// <summary>
/// Makes the code change little when the row does: ‖∂h/∂x‖²_F, the squared Frobenius norm of the Jacobian of the code
/// with respect to the scaled row, mean over the rows (Rifai et al. 2011, equation 2). Of a variational code, the
/// Jacobian of its mean. Dropout and noise are left out, and normalization over the batch takes its running statistics.
/// </summary>
/// <param name="Weight">What the penalty is multiplied by, λ.</param>
/// <param name="Method">How the norm is had.</param>
public sealed record ContractivePenalty(double Weight, JacobianMethod Method = JacobianMethod.Auto) : CodePenalty(Weight)
{
    /// <summary>The weight that the factory takes where none is given.</summary>
    public const double DefaultWeight = 1e-4;

    private const int MostExactUnits = 16;

    internal override string Adjective => "contractive";

    internal override string Name => "contraction";

    internal override void Validate(AutoencoderEstimator.Options options)
    {
        base.Validate(options);
        Require.Defined(Method, $"{nameof(options.Penalties)}.{nameof(ContractivePenalty)}.{nameof(Method)}");
        bool oneSigmoidLayer = options.Network is DenseNetworkOptions { Hidden.Count: 0 }
            && options.Code is { Activation: Activation.Sigmoid, Normalization: CodeNormalization.None };
        Require.Not(Method == JacobianMethod.ClosedForm && !oneSigmoidLayer,
            $"{nameof(options.Penalties)}.{nameof(ContractivePenalty)}.{nameof(Method)}", Method, nameof(options.Network),
            options.Network.Kind,
            "the closed form is that of a dense encoder without hidden layers whose code is of sigmoid units");
    }

    /// <summary>The rows that the encoder is differentiated for at a time, for each row of the batch.</summary>
    internal int RowsFor(int codeUnits) => Method == JacobianMethod.Exact || (Method == JacobianMethod.Auto && codeUnits <= MostExactUnits)
        ? codeUnits : 1;

    internal override Tensor Compute(PenaltyContext context) => SquaredNorm(context, Method);

    /// <summary>The squared Frobenius norm of the Jacobian, mean over the rows.</summary>
    internal static Tensor SquaredNorm(PenaltyContext context, JacobianMethod method)
    {
        var code = context.Network.CodeLayer;
        if (method == JacobianMethod.Auto)
        {
            bool oneSigmoidLayer = context.Network.Trunk is DenseStack { Layers.Length: 0 } && code.Units.Activation == Activation.Sigmoid
                && !code.IsNormalized;
            method = oneSigmoidLayer ? JacobianMethod.ClosedForm : code.Units.Outputs <= MostExactUnits ? JacobianMethod.Exact
                : JacobianMethod.Stochastic;
        }
        return method switch
        {
            JacobianMethod.ClosedForm => ClosedForm(context),
            JacobianMethod.Exact => Exact(context),
            _ => Stochastic(context),
        };
    }

    private static Tensor ClosedForm(PenaltyContext context)
    {
        // The columns of the weight beyond the features belong to the condition.
        var units = context.Network.CodeLayer.Units;
        var h = context.Network.Encode(context.Rows, context.Condition, null, context.Pass.Evaluating).Mean;
        var slopes = (h * h.Complement()).Squared();
        return context.MeanOverRows(slopes.matmul(units.Weight.narrow(1, 0, context.Rows.shape[1]).Squared().sum([1])));
    }

    private static Tensor Exact(PenaltyContext context)
    {
        long k = context.Network.CodeLayer.Units.Outputs, count = context.Rows.shape[0];
        var units = eye(k, dtype: ScalarType.Float32, device: context.Rows.device).repeat(count, 1);
        var norms = Gradients(context, units, Repeat(context.Rows, k),
            context.Condition is null ? null : Repeat(context.Condition, k));
        return context.MeanOverRows(norms.reshape(count, k).sum([1]));
    }

    private static Tensor Stochastic(PenaltyContext context)
    {
        long k = context.Network.CodeLayer.Units.Outputs, count = context.Rows.shape[0];
        var signs = rand([count, k], dtype: ScalarType.Float32, device: context.Rows.device, generator: context.Pass.Generator).IsLess(0.5)
            .to(ScalarType.Float32).Times(2).Minus(1);
        return context.MeanOverRows(Gradients(context, signs, context.Rows, context.Condition));
    }

    /// <summary>The squared length of the gradient of seedsᵀ code for each row.</summary>
    private static Tensor Gradients(PenaltyContext context, Tensor seeds, Tensor rows, Tensor? condition)
    {
        var inputs = rows.detach().clone().requires_grad_(true);
        var code = context.Network.Encode(inputs, condition, null, context.Pass.Evaluating).Mean;

        // Without retain_graph TorchSharp frees the graph that the penalty's own gradient needs.
        return autograd.grad([code], [inputs], [seeds], retain_graph: true, create_graph: true)[0].Squared().sum([1]);
    }

    private static Tensor Repeat(Tensor rows, long times) => rows.repeat_interleave(times, 0);
}
