using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Turns a fitted chain of stock transforms and an autoencoder into one ONNX graph.</summary>
/// <remarks>
/// The stock transforms go through ML.NET's <c>ConvertToOnnx</c>, which leaves out what it cannot write, and what
/// depends on that, without a word. So only transforms known to be written as what they are go there, only with types
/// that keep their values, and each first by itself, which fails where its columns do not come out.
/// </remarks>
internal static class PipelineExport
{
    // What a FeatureVectorizer takes.
    private static readonly DataViewType[] s_joined =
        [NumberDataViewType.Single, NumberDataViewType.Double, NumberDataViewType.Int32, NumberDataViewType.Int64];

    // What ML.NET can look up keys of without a loss: of Double it would look up the nearest Single.
    private static readonly DataViewType[] s_categories =
    [
        TextDataViewType.Instance, BooleanDataViewType.Instance, NumberDataViewType.Single, NumberDataViewType.Int16,
            NumberDataViewType.UInt16, NumberDataViewType.Int32, NumberDataViewType.UInt32,
        NumberDataViewType.Int64, NumberDataViewType.UInt64,
    ];

    /// <summary>The bytes of an ONNX file.</summary>
    public static byte[] Convert(MLContext context, ITransformer model, DataViewSchema inputSchema)
    {
        ITransformer[] parts = [.. TransformerChains.PartsOf(model, TransformerScope.Scoring)];
        int place = TransformerChains.PlaceOf(parts, part => part is ScoringTransformer, "It stands at the end.");
        var autoencoder = (ScoringTransformer)parts[place];
        if (autoencoder is TimeSeriesTransformer series)
            throw new NotSupportedException(
                $"A time series is scored by windows of {series.Description.Width} rows, which a graph over rows cannot cut. Export the " +
                $"scorer of whole windows with {nameof(TimeSeriesTransformer.ExportOnnx)}, and apply what stands before it to the data.");
        if (autoencoder is AutoencoderTransformer { AddsTopFeatures: true })
            throw new NotSupportedException(
                "The columns of top features are not in the graph. Export the autoencoder that they were made from.");
        var (graph, columns) = (autoencoder.Model, autoencoder.Columns);

        // Each part is bound to what the parts before it make of the data; that refuses what does not fit, by name.
        var schemas = new DataViewSchema[parts.Length + 1];
        schemas[0] = inputSchema;
        for (int i = 0; i < parts.Length; i++)
            schemas[i + 1] = parts[i].GetOutputSchema(schemas[i]);
        if (place < parts.Length - 1)
            throw new NotSupportedException(
                $"After the autoencoder stands the {Describe(parts[place + 1], Made(schemas[place + 1], schemas[place + 2]))}. Only what " +
                "stands before it can go into an ONNX file: leave it out of the model that is exported.");

        string[] fed = [.. AutoencoderColumns.Inputs(columns).Select(input => columns[input])];
        var needed = fed.ToHashSet(StringComparer.Ordinal);
        var steps = new List<ITransformer>();
        for (int i = place - 1; i >= 0; i--)
        {
            if (Step(context, parts[i], schemas[i], schemas[i + 1], needed))
                steps.Insert(0, parts[i]);
        }

        byte[] stock = ToOnnx(context, new TransformerChain<ITransformer>([.. steps]), Only(inputSchema, needed), fed);
        return GraphSplice.Join(stock, graph, columns, OutputsOf(graph, columns));
    }

    /// <summary>
    /// Everything that the graph gives; of an encoder, a decoder or a reconstructor, which share the whole graph, what
    /// they are for.
    /// </summary>
    private static string[] OutputsOf(AutoencoderModel graph, IReadOnlyDictionary<string, string> columns)
    {
        string[] named = AutoencoderColumns.Outputs(columns);
        bool isWhole = named.Any(output => output is GraphNames.Score or GraphNames.IsAnomaly or GraphNames.PredictedLabel
            or GraphNames.ClassProbabilities);
        return isWhole ? [.. graph.Outputs] : named;
    }

    /// <summary>Goes back over one part.</summary>
    /// <param name="context">The context of the export.</param>
    /// <param name="part">The part.</param>
    /// <param name="before">What it is applied to.</param>
    /// <param name="after">What comes out.</param>
    /// <param name="needed">The columns that are needed after the part; then those that are needed before it.</param>
    /// <returns>Whether the part makes any of them; otherwise it is left out.</returns>
    private static bool Step(MLContext context, ITransformer part, DataViewSchema before, DataViewSchema after, HashSet<string> needed)
    {
        string[] made = Made(before, after);
        if (!part.IsRowToRowMapper)
            throw new NotSupportedException(
                $"The {Describe(part, made)} before the autoencoder does more than to add columns to each row, which an ONNX file cannot " +
                "do. Apply it to the data first.");
        if (!needed.Overlaps(made))
            return false;

        // A transform with several columns needs the inputs of all.
        var mapper = part.GetRowToRowMapper(before);
        var inputs = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in made)
        {
            var output = mapper.OutputSchema[name];
            DataViewSchema.Column[] from = [.. mapper.GetDependencies([output])];
            if (Refusal(part, output, from) is { } reason)
                throw new NotSupportedException(
                    $"The {Describe(part, [name])} from {string.Join(", ", from.Select(column => $"'{column.Name}' ({column.Type})"))} " +
                    $"{reason}");
            inputs.UnionWith(from.Select(column => column.Name));
        }
        try
        {
            ToOnnx(context, part, Only(before, inputs), made);
        }
        catch (InvalidOperationException e)
        {
            throw new NotSupportedException($"ML.NET cannot write the {Describe(part, made)} as ONNX: {e.Message}", e);
        }

        needed.ExceptWith(made);
        needed.UnionWith(inputs);
        return true;
    }

    /// <summary>Why a column of a transform cannot be exported, or null where it can.</summary>
    private static string? Refusal(ITransformer part, DataViewSchema.Column output, DataViewSchema.Column[] inputs)
    {
        switch (part)
        {
            case ColumnCopyingTransformer or KeyToVectorMappingTransformer:
                return null;
            case ColumnConcatenatingTransformer:
                return s_joined.Contains(ItemOf(output)) ? null
                    : "cannot be exported: ONNX joins Single, Double, Int32 and Int64 only. Convert the columns with " +
                    "Conversion.ConvertType first.";
            case NormalizingTransformer or MissingValueReplacingTransformer:
                return ItemOf(output) == NumberDataViewType.Single ? null
                    : "cannot be exported: ML.NET writes it for Single only. Convert the column with Conversion.ConvertType first.";
            case TypeConvertingTransformer:
                bool isNumber = inputs.All(input => ItemOf(input) is NumberDataViewType or BooleanDataViewType)
                    && (ItemOf(output) == NumberDataViewType.Single || ItemOf(output) == NumberDataViewType.Double);
                return isNumber ? null
                    : "cannot be exported: only numbers and truth values, to Single or Double, are converted in ONNX as in ML.NET.";
            case ValueToKeyMappingTransformer or OneHotEncodingTransformer:
                bool isCategory = inputs.All(input =>
                    s_categories.Contains(ItemOf(input))
                    && (input.Type is not VectorDataViewType || ItemOf(input) == TextDataViewType.Instance));
                return isCategory ? null
                    : "cannot be exported: expected text, or a scalar of Boolean, Single or a whole number of 16 bits or more.";
            default:
                return "cannot be exported, and the score depends on it. Expected Concatenate, CopyColumns, SelectColumns, DropColumns, " +
                    "NormalizeMinMax, NormalizeMeanVariance, ReplaceMissingValues, OneHotEncoding, MapValueToKey, MapKeyToVector or " +
                    "ConvertType.";
        }
    }

    /// <summary>What ML.NET writes of a transformer of some columns.</summary>
    private static byte[] ToOnnx(MLContext context, ITransformer transformer, DataViewSchema inputs, string[] outputs)
    {
        using var stream = new MemoryStream();

        // A view of our own: a view of ML.NET's may be a step of a pipeline itself, which would be written too.
        context.Model.ConvertToOnnx(transformer, VectorView.Empty(inputs), stream, outputs);
        return stream.ToArray();
    }

    /// <summary>The names of the columns that a part adds, or puts in the place of others.</summary>
    private static string[] Made(DataViewSchema before, DataViewSchema after)
    {
        var known = before.ToLookup(column => column.Name, StringComparer.Ordinal);
        return [.. after.GroupBy(column => column.Name, StringComparer.Ordinal)
            .Where(columns => columns.Count() > known[columns.Key].Count()).Select(columns => columns.Key)];
    }

    private static DataViewSchema Only(DataViewSchema schema, HashSet<string> names)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(schema.Where(column => !column.IsHidden && names.Contains(column.Name)));
        return builder.ToSchema();
    }

    private static DataViewType ItemOf(DataViewSchema.Column column) =>
        column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;

    private static string Describe(ITransformer part, string[] made) =>
        part.GetType().Name + (made.Length == 0 ? "" : $", which makes {string.Join(", ", made.Select(name => $"'{name}'"))},");
}
