using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        /// <summary>Optimizers.</summary>
        public static partial class optim
        {
            /// <summary>Whose learning rate can be set.</summary>
            public interface ILearningRateController
            {
                double LearningRate { get; set; }

                /// <summary>The rate at the start, which schedules scale.</summary>
                double InitialLearningRate { get; set; }
            }

            /// <summary>Moves parameters along their gradients.</summary>
            public abstract class Optimizer : IDisposable
            {
                private protected Optimizer(IEnumerable<Parameter> parameters, double learningRate)
                {
                    if (learningRate < 0)
                        throw new ArgumentException($"Invalid learning rate: {learningRate}");
                    Group = new ParamGroup(parameters.ToArray(), learningRate);
                }

                ~Optimizer() => Dispose(false);

                public virtual IEnumerable<ILearningRateController> ParamGroups => [Group];

                private protected ParamGroup Group { get; }

                /// <summary>Sets the gradients to zero; <see cref="nn.Module.zero_grad"/> takes them away instead.</summary>
                public virtual void zero_grad() => nn.Module.ClearGradients(Group.Items, setToNone: false);

                /// <summary>One step, after the gradients that <paramref name="closure"/> computes anew, if given; its result is returned.</summary>
                public virtual Tensor? step(Func<Tensor>? closure = null)
                {
                    Tensor? loss = null;
                    if (closure is not null)
                    {
                        using IDisposable recording = enable_grad();
                        loss = closure();
                    }

                    Step();
                    return loss;
                }

                public void Dispose()
                {
                    Dispose(true);
                    GC.SuppressFinalize(this);
                }

                private protected virtual void Dispose(bool disposing)
                {
                }

                private protected abstract void Step();
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Parameters that share a learning rate.</summary>
    internal sealed class ParamGroup : torch.optim.ILearningRateController
    {
        internal ParamGroup(Parameter[] parameters, double learningRate)
        {
            Items = parameters;
            LearningRate = InitialLearningRate = learningRate;
        }

        public double LearningRate { get; set; }

        public double InitialLearningRate { get; set; }

        internal Parameter[] Items { get; }
    }

    /// <summary>The optimizers that are managed code in TorchSharp.</summary>
    public abstract class OptimizerHelper : torch.optim.Optimizer
    {
        private protected OptimizerHelper(IEnumerable<Parameter> parameters, double learningRate)
            : base(parameters, learningRate)
        {
        }
    }
}
