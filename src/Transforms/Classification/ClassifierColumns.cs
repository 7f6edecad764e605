using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The label that a classifier learns from and the columns that it adds: those of ML.NET's multiclass trainers.</summary>
internal static class ClassifierColumns
{
    /// <summary>The name of the label column unless another is given.</summary>
    public const string Label = "Label";

    /// <summary>Finds the label column of training data.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing, no key, or a key of fewer than two values.</exception>
    public static DataViewSchema.Column FindLabel(DataViewSchema schema, string name)
    {
        var column = AutoencoderColumns.Find(schema, name, nameof(schema));
        return column.Type is KeyDataViewType { Count: >= 2 and <= int.MaxValue } ? column
            : throw NoLabel(name, column.Type.ToString()!, nameof(schema));
    }

    /// <summary>The type of a label's key values, as <see cref="AutoencoderMetadata.ClassType"/> keeps it.</summary>
    public static string ClassType(DataViewSchema.Column label) => ClassValues.TypeName(AutoencoderColumns.KeyValueType(label));

    /// <summary>The shape of a schema after a classifier: what an estimator promises.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or not a vector of known size, or a
    /// scalar, of Single; or the label column is missing or no key.</exception>
    public static SchemaShape OutputShape(SchemaShape input, IReadOnlyDictionary<string, string> columns, string labelColumn)
    {
        ArgumentNullException.ThrowIfNull(input);
        AutoencoderColumns.Validate(columns);
        AutoencoderColumns.CheckShape(input, GraphNames.Features, columns[GraphNames.Features]);
        var label = AutoencoderColumns.Find(input, labelColumn, nameof(input));
        if (!label.IsKey || label.Kind != SchemaShape.Column.VectorKind.Scalar)
            throw NoLabel(labelColumn, label.GetTypeString(), nameof(input));
        var values = label.Annotations.Where(annotation => annotation.Name == AnnotationKinds.KeyValues)
            .Select(annotation => annotation.ItemType).FirstOrDefault();

        // Numbers of classes do not show in a shape, nor do their names; any that can be read as a number serves for all types.
        return AutoencoderColumns.ShapeWith(input, Outputs(columns, codeSize: 1, ["0"], ClassValues.TypeName(values), scoreSetId: 1));
    }

    /// <summary>The columns that a classifier adds to data of a schema.</summary>
    public static IEnumerable<OutputColumn> Outputs(
        DataViewSchema input, AutoencoderMetadata metadata, IReadOnlyDictionary<string, string> columns) =>
        Outputs(columns, metadata.CodeSize, [.. metadata.ClassNames], metadata.ClassType, AutoencoderColumns.NextScoreSetId(input));

    private static IEnumerable<OutputColumn> Outputs(
        IReadOnlyDictionary<string, string> columns, int codeSize, string[] classes, string classType, uint scoreSetId)
    {
        foreach (string output in AutoencoderColumns.Outputs(columns))
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            string name = columns[output];
            switch (output)
            {
                case GraphNames.PredictedLabel:
                    AutoencoderColumns.AddScoreKinds(
                        annotations, scoreSetId, AnnotationKinds.MulticlassClassification, AnnotationKinds.PredictedLabel);
                    ClassValues.AddTo(annotations, AnnotationKinds.KeyValues, classType, classes);
                    yield return new OutputColumn(
                        name, new KeyDataViewType(typeof(uint), classes.Length), annotations.ToAnnotations(),
                        [GraphNames.ClassProbabilities],
                        (source, places) => (ValueGetter<uint>)(
                            (ref uint value) => value = MostProbable(source.Locate(out int row).OutputRow<float>(places[0], row))));
                    break;
                case GraphNames.ClassProbabilities:
                    AutoencoderColumns.AddScoreKinds(
                        annotations, scoreSetId, AnnotationKinds.MulticlassClassification, AnnotationKinds.Score);
                    ClassValues.AddTo(annotations, AnnotationKinds.TrainingLabelValues, classType, classes);
                    if (ClassValues.IsText(classType))
                        AutoencoderColumns.AddTexts(annotations, AnnotationKinds.SlotNames, classes);
                    yield return OutputColumn.OfGraph(
                        name, new VectorDataViewType(NumberDataViewType.Single, classes.Length), annotations.ToAnnotations(), output);
                    break;
                default:
                    yield return OutputColumn.OfGraph(
                        name, new VectorDataViewType(NumberDataViewType.Single, codeSize), annotations.ToAnnotations(), output);
                    break;
            }
        }
    }

    /// <summary>
    /// The key of the largest probability, the first of equal ones, counted from 1; 0, which is a missing key, where a
    /// probability is NaN.
    /// </summary>
    private static uint MostProbable(ReadOnlySpan<float> probabilities)
    {
        int best = TensorPrimitives.IndexOfMax(probabilities);
        return float.IsNaN(probabilities[best]) ? 0 : (uint)best + 1;
    }

    private static ArgumentOutOfRangeException NoLabel(string name, string found, string parameter) =>
        new(parameter,
            $"The label column '{name}' is {found}; expected a key of at least two values, one for each class. Make a key of a label " +
            "with Conversion.MapValueToKey.");
}
