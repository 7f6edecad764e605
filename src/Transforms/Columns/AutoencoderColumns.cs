using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Which columns a fitted autoencoder reads and writes, and what their types and annotations are.</summary>
/// <remarks>
/// The columns are a map from the names of the graph (<see cref="GraphNames"/>) to names of columns; what is not in the
/// map has no column.
/// </remarks>
internal static class AutoencoderColumns
{
    // The names of columns where the options give none.
    public const string Features = "Features";
    public const string Score = "Score";
    public const string PredictedLabel = "PredictedLabel";
    public const string Code = "Code";
    public const string Reconstruction = "Reconstruction";
    public const string FeatureErrors = "FeatureErrors";

    // The order of the output columns: those that stock trainers give too come first, as theirs do.
    private static readonly string[] s_outputOrder =
        [GraphNames.PredictedLabel, GraphNames.ClassProbabilities, GraphNames.IsAnomaly, GraphNames.Score, GraphNames.Probability,
            GraphNames.PValue, GraphNames.Code, GraphNames.CodeLogVariance, GraphNames.Reconstruction, GraphNames.FeatureErrors];

    /// <summary>Checks that no two output columns have one name and that every name is one.</summary>
    /// <exception cref="ArgumentException">A name is empty, or two outputs have the same; the message names both.</exception>
    public static void Validate(IReadOnlyDictionary<string, string> columns)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string output in Outputs(columns))
        {
            string column = columns[output];
            if (string.IsNullOrWhiteSpace(column))
                throw new ArgumentException(
                    $"The column for the output '{output}' has an empty name. Give it a name, or null to leave the column out.",
                    nameof(columns));
            if (!owners.TryAdd(column, output))
                throw new ArgumentException(
                    $"Two output columns have the name '{column}': the one for '{owners[column]}' and the one for '{output}'. Give each " +
                    "a name of its own, or null to leave one out.", nameof(columns));
        }
    }

    /// <summary>The shape of a schema after an autoencoder: what an estimator promises.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or not a vector of known size, or a
    /// scalar, of Single.</exception>
    public static SchemaShape OutputShape(SchemaShape input, IReadOnlyDictionary<string, string> columns)
    {
        ArgumentNullException.ThrowIfNull(input);
        Validate(columns);
        var features = CheckShape(input, GraphNames.Features, columns[GraphNames.Features]);
        foreach (string side in Inputs(columns).Skip(1))
            CheckShape(input, side, columns[side]);

        // Sizes do not show in a shape.
        var slotNames = features.Annotations.Any(annotation => annotation.Name == AnnotationKinds.SlotNames) ? new[] { "" } : null;
        return ShapeWith(input, OutputColumns(columns, _ => 1, slotNames, scoreSetId: 1, threshold: 0));
    }

    /// <summary>A shape with further columns, which hide those of the same names.</summary>
    public static SchemaShape ShapeWith(SchemaShape input, IEnumerable<OutputColumn> columns)
    {
        // ML.NET lets only its own code make a column of a shape; a loader's schema is turned into one for anybody.
        var builder = new DataViewSchema.Builder();
        foreach (var column in columns)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        var added = new SchemaLoader(builder.ToSchema()).Append(new PassThroughEstimator()).GetOutputSchema();
        var names = added.Select(column => column.Name).ToHashSet(StringComparer.Ordinal);
        return new SchemaShape(input.Where(column => !names.Contains(column.Name)).Concat(added));
    }

    /// <summary>Finds a column of training data that an input of the graph is to take.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or not a vector of known size, or a scalar,
    /// of Single; a condition may also be a key.</exception>
    public static DataViewSchema.Column FindInput(DataViewSchema schema, string input, string name) =>
        FindInput(schema, input, name, size: 0, nameof(schema));

    /// <summary>How many values an input takes from a column: the length of its vectors, for a key the number of its values.</summary>
    public static int WidthOf(DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType vector => vector.Size,
        KeyDataViewType key => checked((int)key.Count),
        _ => 1,
    };

    /// <summary>From names of the graph to names of columns; what is null has none.</summary>
    public static IReadOnlyDictionary<string, string> Named(params (string Graph, string? Column)[] columns) =>
        columns.Where(pair => pair.Column is not null).ToDictionary(pair => pair.Graph, pair => pair.Column!, StringComparer.Ordinal);

    /// <summary>
    /// The names of a key column's values, in their order, or the numbers from 1 where it has none; empty for a column
    /// that is no key.
    /// </summary>
    public static string[] KeyNames(DataViewSchema.Column column) => column.Type is KeyDataViewType ? ColumnReaders.KeyNames(column) : [];

    /// <summary>Whether a column is a key whose values have names.</summary>
    public static bool HasKeyNames(DataViewSchema.Column column) => column.Type is KeyDataViewType && KeyValueType(column) is not null;

    /// <summary>The type of a key's values, or null where it has none.</summary>
    public static PrimitiveDataViewType? KeyValueType(DataViewSchema.Column column) =>
        (column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type as VectorDataViewType)?.ItemType;

    /// <summary>
    /// The names of the features in a column: its slot names, or the column's name and the slot's number where a slot
    /// has none.
    /// </summary>
    public static string[] FeatureNames(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType vector)
            return [column.Name];
        string[]? slots = ReadSlotNames(column);
        return [.. Enumerable.Range(0, vector.Size).Select(j => string.IsNullOrWhiteSpace(slots?[j]) ? $"{column.Name}[{j}]" : slots[j])];
    }

    /// <summary>
    /// The inputs of the graph that have a column: the features, or the code where a decoder stands alone, and what
    /// comes beside them.
    /// </summary>
    public static string[] Inputs(IReadOnlyDictionary<string, string> columns)
    {
        string[] all = columns.ContainsKey(GraphNames.Features)
            ? [GraphNames.Features, GraphNames.Condition, GraphNames.CodeOffset]
            : [GraphNames.Code, GraphNames.Condition];
        return [.. all.Where(columns.ContainsKey)];
    }

    /// <summary>The outputs of the graph that have a column, in the order of the columns.</summary>
    public static string[] Outputs(IReadOnlyDictionary<string, string> columns) =>
        [.. s_outputOrder.Except(Inputs(columns)).Where(columns.ContainsKey)];

    /// <summary>
    /// The columns that a model's metadata name, as far as its graph has them; its input gets the usual name where they
    /// name none.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Of(AutoencoderModel model)
    {
        var border = model.Inputs.Concat(model.Outputs).ToHashSet(StringComparer.Ordinal);
        var columns = model.Metadata.Columns.Where(pair => border.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (string input in model.Inputs)
            columns.TryAdd(input, DefaultName(input));
        if (Outputs(columns).Length == 0)
        {
            foreach (string output in model.Outputs)
                columns.TryAdd(output, DefaultName(output));
        }
        return columns;
    }

    /// <summary>The name of a column where nobody gave one.</summary>
    public static string DefaultName(string graphName) => graphName switch
    {
        GraphNames.Features => Features,
        GraphNames.IsAnomaly => PredictedLabel,
        GraphNames.Score => Score,
        GraphNames.Probability => "Probability",
        GraphNames.PValue => "PValue",
        GraphNames.Code => Code,
        GraphNames.Reconstruction => Reconstruction,
        GraphNames.FeatureErrors => FeatureErrors,
        GraphNames.PredictedLabel => PredictedLabel,
        GraphNames.ClassProbabilities => Score,
        GraphNames.CodeLogVariance => "CodeLogVariance",
        GraphNames.Condition => "Condition",
        GraphNames.CodeOffset => "CodeOffset",
        _ => graphName,
    };

    /// <summary>The columns that the outputs of the graph become, after data of a schema.</summary>
    public static IEnumerable<OutputColumn> OutputColumns(
        DataViewSchema input, AutoencoderModel model, IReadOnlyDictionary<string, string> columns) =>
        OutputColumns(columns, model.Width, SlotNames(input, model, columns), NextScoreSetId(input), model.Metadata.Threshold);

    /// <summary>
    /// Finds an input column and checks that it is a vector of <paramref name="size"/> Singles; a scalar serves where
    /// one is expected, and a key of as many values for a condition.
    /// </summary>
    public static DataViewSchema.Column FindInput(DataViewSchema schema, string input, string name, int size, string parameter)
    {
        var column = Find(schema, name, parameter);
        bool fits = column.Type is VectorDataViewType vector
            ? vector.ItemType == NumberDataViewType.Single && vector.IsKnownSize && (size == 0 || vector.Size == size)
            : column.Type is KeyDataViewType key
                ? input == GraphNames.Condition && key.Count <= int.MaxValue && (size == 0 || key.Count == (ulong)size)
                : column.Type == NumberDataViewType.Single && size is 0 or 1;
        return fits ? column : throw Mismatch(
            input, name, column.Type.ToString()!, column.Type is VectorDataViewType { IsKnownSize: false }, parameter, size);
    }

    /// <summary>
    /// Checks that the values of a key are those of the training, in their order: those of another mapping would be
    /// taken for others without a word.
    /// </summary>
    public static void CheckKeyValues(DataViewSchema.Column[] inputs, AutoencoderMetadata metadata, string parameter)
    {
        foreach (var column in inputs)
        {
            if (!HasKeyNames(column) || metadata.ConditionValues.SequenceEqual(ColumnReaders.Numbers((KeyDataViewType)column.Type)))
                continue;
            string[] found = KeyNames(column);
            if (metadata.ConditionValues.Count > 0 && !found.SequenceEqual(metadata.ConditionValues))
                throw new ArgumentOutOfRangeException(
                    parameter, $"The condition column '{column.Name}' is a key with the values {string.Join(", ", found.Take(10))}; the " +
                    $"autoencoder was trained with {string.Join(", ", metadata.ConditionValues.Take(10))}, in this order. Make the key " +
                    "with the MapValueToKey that was fitted for the training.");
        }
    }

    /// <summary>The names of the slots of the feature column, or null where it has none.</summary>
    private static string[]? ReadSlotNames(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType || !column.HasSlotNames())
            return null;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => name.ToString())];
    }

    private static string[]? SlotNames(DataViewSchema input, AutoencoderModel model, IReadOnlyDictionary<string, string> columns) =>
        columns.TryGetValue(GraphNames.Features, out string? features)
            ? ReadSlotNames(FindInput(input, GraphNames.Features, features, model.Width(GraphNames.Features), nameof(input)))
            : [.. model.Metadata.FeatureNames];

    /// <summary>The columns that outputs of the graph become.</summary>
    public static IEnumerable<OutputColumn> OutputColumns(
        IReadOnlyDictionary<string, string> columns, Func<string, int> width, string[]? slotNames, uint scoreSetId, float threshold)
    {
        foreach (string output in Outputs(columns))
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            DataViewType type = output switch
            {
                GraphNames.IsAnomaly => BooleanDataViewType.Instance,
                GraphNames.Score or GraphNames.Probability or GraphNames.PValue => NumberDataViewType.Single,
                _ => new VectorDataViewType(NumberDataViewType.Single, width(output)),
            };
            if (AnnotationKinds.ScoreValueKindOf(output) is { } valueKind)
                AddScoreKinds(annotations, scoreSetId, AnnotationKinds.BinaryClassification, valueKind);
            if (output == GraphNames.Score)
            {
                annotations.AddPrimitiveValue(AnnotationKinds.ScoreDirection, TextDataViewType.Instance,
                    AutoencoderMetadata.HigherIsMoreAnomalous.AsMemory());
                annotations.AddPrimitiveValue(AnnotationKinds.Threshold, NumberDataViewType.Single, threshold);
            }
            if (output is GraphNames.Reconstruction or GraphNames.FeatureErrors && slotNames is not null)
                AddTexts(annotations, AnnotationKinds.SlotNames, slotNames);
            yield return OutputColumn.OfGraph(columns[output], type, annotations.ToAnnotations(), output);
        }
    }

    /// <summary>Marks a column as one of a set of score columns.</summary>
    public static void AddScoreKinds(DataViewSchema.Annotations.Builder annotations, uint scoreSetId, string columnKind, string valueKind)
    {
        annotations.AddPrimitiveValue(AnnotationKinds.ScoreColumnSetId, new KeyDataViewType(typeof(uint), int.MaxValue), scoreSetId);
        annotations.AddPrimitiveValue(AnnotationKinds.ScoreColumnKind, TextDataViewType.Instance, columnKind.AsMemory());
        annotations.AddPrimitiveValue(AnnotationKinds.ScoreValueKind, TextDataViewType.Instance, valueKind.AsMemory());
    }

    /// <summary>Adds an annotation that is a list of texts.</summary>
    public static void AddTexts(DataViewSchema.Annotations.Builder annotations, string kind, string[] texts) =>
        AddValues(annotations, kind, TextDataViewType.Instance, Array.ConvertAll(texts, text => text.AsMemory()));

    /// <summary>Adds an annotation that is a list of values.</summary>
    public static void AddValues<T>(DataViewSchema.Annotations.Builder annotations, string kind, PrimitiveDataViewType type,
        T[] values) =>
        annotations.Add(kind, new VectorDataViewType(type, values.Length), (ref VBuffer<T> destination) =>
            new VBuffer<T>(values.Length, values).CopyTo(ref destination));

    /// <summary>Score columns that belong together share a number, one above the highest so far.</summary>
    public static uint NextScoreSetId(DataViewSchema input)
    {
        uint highest = 0;
        foreach (var column in input)
        {
            if (column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.ScoreColumnSetId)
                is { Type: KeyDataViewType { RawType: var raw } } && raw == typeof(uint))
            {
                uint id = 0;
                column.Annotations.GetValue(AnnotationKinds.ScoreColumnSetId, ref id);
                highest = Math.Max(highest, id);
            }
        }
        return highest + 1;
    }

    /// <summary>A column that there must be.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="name">The column's name.</param>
    /// <param name="parameter">What the exception names.</param>
    /// <param name="what">What the column is, for the message.</param>
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string parameter, string what = "input") =>
        schema.GetColumnOrNull(name)
            ?? throw Missing(name, parameter, what, schema.Where(other => !other.IsHidden).Select(other => other.Name));

    /// <summary>The same of a shape.</summary>
    public static SchemaShape.Column Find(SchemaShape shape, string name, string parameter, string what = "input") =>
        shape.Where(column => column.Name == name).Cast<SchemaShape.Column?>().FirstOrDefault()
            ?? throw Missing(name, parameter, what, shape.Select(column => column.Name));

    public static SchemaShape.Column CheckShape(SchemaShape shape, string input, string name)
    {
        var column = Find(shape, name, nameof(shape));
        bool fits = column.IsKey
            ? input == GraphNames.Condition && column.Kind == SchemaShape.Column.VectorKind.Scalar
            : column.ItemType == NumberDataViewType.Single && column.Kind != SchemaShape.Column.VectorKind.VariableVector;
        return fits ? column : throw Mismatch(
            input, name, column.GetTypeString(), column.Kind == SchemaShape.Column.VectorKind.VariableVector, nameof(shape));
    }

    private static ArgumentOutOfRangeException Mismatch(string input, string name, string found, bool isUnsized, string parameter,
        int size = 0)
    {
        string ofSize = size > 0 ? $" {size}" : "", length = size > 0 ? $"{size}" : "n";
        string advice = isUnsized
            ? $"A property such as float[] tells no size: give it the attribute [VectorType({length})], or give its column in a " +
                $"SchemaDefinition the type new VectorDataViewType(NumberDataViewType.Single, {length})."
            : input == GraphNames.Condition ? "Make a key of a label with Conversion.MapValueToKey."
            : "Put the features together with Concatenate, and convert other types with Conversion.ConvertType.";
        string orKey = input != GraphNames.Condition ? ""
            : $", or a key{(size > 0 ? $" of {size} values" : "")}, for the condition";
        return new ArgumentOutOfRangeException(parameter,
            $"The input column '{name}' is {found}; expected a vector of Single of known size{ofSize}{orKey}. {advice}");
    }

    /// <summary>The type of a column of a shape, for messages.</summary>
    public static string GetTypeString(this SchemaShape.Column column) =>
        $"{column.Kind} of {(column.IsKey ? "Key of " : "")}{column.ItemType}";

    private static ArgumentOutOfRangeException Missing(string name, string parameter, string what, IEnumerable<string> present) =>
        new(parameter, $"Could not find the {what} column '{name}'. The data have the columns " +
            $"{string.Join(", ", present.Select(other => $"'{other}'"))}.");

    /// <summary>A loader that has a schema and nothing else: the way from a schema to a shape that is open to all.</summary>
    private sealed class SchemaLoader(DataViewSchema schema) : IDataLoader<object>
    {
        public DataViewSchema GetOutputSchema() => schema;

        public IDataView Load(object input) => VectorView.Empty(schema);

        void ICanSaveModel.Save(ModelSaveContext ctx) =>
            throw new NotSupportedException("A loader that only carries a schema cannot be saved.");
    }

    private sealed class PassThroughEstimator : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input) =>
            throw new NotSupportedException("An estimator that only carries a schema cannot be fitted.");

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema;
    }
}
