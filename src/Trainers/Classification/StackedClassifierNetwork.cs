using MLNetAutoencoder.Onnx;
using static TorchSharp.torch;

namespace MLNetAutoencoder;

/// <summary>
/// The encoder of a stacked autoencoder with a linear layer on its code, whose softmax is the classes' probabilities.
/// The decoder is for pretraining and goes into no graph.
/// </summary>
internal sealed class StackedClassifierNetwork : NetworkModule
{
    public StackedClassifierNetwork(AutoencoderNetwork stack, int classes, Generator generator)
        : base("classifier")
    {
        Stack = AddPart("stack", stack);
        Head = AddPart("classes", new DenseLayer("classes/dense", stack.CodeLayer.Units.Outputs, classes, Activation.Linear, generator));
    }

    public AutoencoderNetwork Stack { get; }

    public DenseLayer Head { get; }

    /// <summary>What fine-tuning trains: everything but the decoder.</summary>
    public IEnumerable<TorchSharp.Modules.Parameter> ClassifyingParameters =>
        Stack.Trunk.parameters().Concat(Stack.CodeLayer.parameters()).Concat(Head.parameters());

    /// <summary>One number for each class, before the softmax.</summary>
    public Tensor Forward(Tensor input, Pass pass) => Head.Forward(Stack.Encode(input, null, null, pass).Code, null, pass);

    /// <summary>
    /// The mean over the rows of −ln of the probability that the row's class is given (Goodfellow, Bengio and Courville
    /// 2016, section 6.2.2.3).
    /// </summary>
    public Tensor CrossEntropy(TrainingBatch batch, Pass pass) =>
        -(nn.functional.log_softmax(Forward(batch.Rows, pass), 1) * batch.Labels!).sum([1]).mean();

    /// <summary>The classifier with the present weights.</summary>
    public AutoencoderModel ToClassifier(AutoencoderMetadata metadata) => new(ClassifierGraph.Build(
        (graph, input, _) => Stack.CodeLayer.Emit(graph, Stack.Trunk.Emit(graph, input, null), null), Head.Emit, metadata));
}
