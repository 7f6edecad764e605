using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// A fitted classifier: an encoder with a softmax layer on its code, run over any data view as an ONNX graph in batches
/// under ONNX Runtime.
/// </summary>
/// <remarks>
/// <para>Input: the feature column, a vector of known size (or, for one feature, a scalar) of Single. Output, each
/// column named by an option and left out where that is null, as ML.NET's multiclass trainers give them: predicted
/// label (a key with the values of the label's key) and score (vector of Single: the probability of each class, in the
/// order of the keys; slot names where the key values are text); besides, the code. With a missing feature the
/// probabilities are NaN and the predicted label is a missing key, unless the options say otherwise.</para>
/// <para>Safe for use by several threads. It saves into an ordinary model file, which any ML.NET application opens
/// without this library: there the score is Vector&lt;Single, 1, n&gt; and the predicted label Vector&lt;Key&lt;UInt32,
/// n&gt;, 1, 1&gt; with the names of the classes as key values, text whatever the label's were. See
/// <see cref="AutoencoderCatalog.Load(string, out DataViewSchema, ScoringOptions)"/> for opening it with this
/// library.</para>
/// </remarks>
public sealed class StackedClassifierTransformer : ScoringTransformer
{
    internal StackedClassifierTransformer(MLContext context, AutoencoderModel model)
        : this(context, model, AutoencoderColumns.Of(model)) => ClassValues.Check(Metadata.ClassType, Metadata.ClassNames);

    private StackedClassifierTransformer(MLContext context, AutoencoderModel model, IReadOnlyDictionary<string, string> columns)
        : base(context, model, columns, ownsModel: true)
    {
    }

    /// <summary>
    /// Writes the classifier as an ONNX file for any runtime: features to the probability of each class, the name of
    /// the most probable one, and the code.
    /// </summary>
    /// <param name="path">Where it goes. An existing file is replaced.</param>
    /// <param name="options">In what form it is written; null for opset 17.</param>
    /// <exception cref="IOException">The file cannot be written, and is as it was.</exception>
    /// <exception cref="ArgumentException">The path is empty; or an option is out of its range, or asks for an output
    /// that a classifier does not have.</exception>
    public void ExportOnnx(string path, OnnxExportOptions? options = null) => AtomicFile.WriteAll((path, ToOnnx(options)));

    /// <summary>The classifier as the content of an ONNX file for any runtime.</summary>
    /// <param name="options">In what form; null for opset 17.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or asks for an output that a classifier does
    /// not have.</exception>
    public byte[] ToOnnx(OnnxExportOptions? options = null) => Model.ToOnnx(OnnxGraph.Classifier, options);

    /// <summary>
    /// The same fitted model with sessions of its own, on another device, with other threads or batches; the present
    /// one stays as it is.
    /// </summary>
    /// <param name="scoring">The options. Where they name no device, the context's is used.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public StackedClassifierTransformer WithScoring(ScoringOptions scoring) =>
        new(Context, ForContext(Context, Model, scoring), Columns);

    private protected override IEnumerable<OutputColumn> OutputsAfter(DataViewSchema input) =>
        ClassifierColumns.Outputs(input, Metadata, Columns);
}
