
namespace MLNetAutoencoder.Onnx;

/// <summary>The weights of a graph as tensors that PyTorch takes as they are: names, shapes, and the layers that they belong to.</summary>
/// <remarks>
/// <para>A tensor's name is the path of its layer in the graph with dots, and PyTorch's word for what it is:
/// <c>encoder.dense1.weight</c>. Shapes are PyTorch's: <c>Linear</c> [outputs, inputs], <c>Conv2d</c> [filters,
/// channels, height, width], <c>ConvTranspose2d</c> [channels, filters, height, width]. Normalization over the batch is
/// in the weights already. Besides, there are <c>scaling.offset</c> and <c>scaling.scale</c>: the network takes
/// (features − offset) / scale and gives (reconstruction − offset) / scale.</para>
/// <para>The metadata have, in JSON, the functions that make the code of scaled features (<see cref="EncoderKey"/>) and
/// scaled reconstructions of a code (<see cref="DecoderKey"/>), in order. Each has the name that it has in
/// <c>torch.nn.functional</c> or <c>torch</c>, the tensors that it takes by their names, and its other arguments;
/// <c>condition</c> stands for joining the condition to the columns.</para>
/// </remarks>
internal static class TorchWeights
{
    /// <summary>The key of the functions from scaled features to the code, without the code offset.</summary>
    public const string EncoderKey = AutoencoderMetadata.Prefix + "encoder";

    /// <summary>The key of the functions from the code to scaled reconstructions.</summary>
    public const string DecoderKey = AutoencoderMetadata.Prefix + "decoder";

    /// <summary>The key of the functions from the code offset's column to what is added to the code; only where there is one.</summary>
    public const string CodeOffsetKey = AutoencoderMetadata.Prefix + "code_offset";

    /// <summary>The key of the functions from scaled features to the logarithm of the code's variance; only where there is one.</summary>
    public const string CodeLogVarianceKey = AutoencoderMetadata.Prefix + "code_log_variance";

    /// <summary>The key of the variance of a variational decoder's Gaussian likelihood; only where there is one.</summary>
    public const string LikelihoodVarianceKey = AutoencoderMetadata.Prefix + "likelihood_variance";

    /// <summary>The tensor of what is subtracted from raw features, [d].</summary>
    public const string ScalingOffset = "scaling.offset";

    /// <summary>The tensor of what raw features, less the offset, are divided by, [d].</summary>
    public const string ScalingScale = "scaling.scale";

    private const string Normalization = "/normalization/", Deviation = Normalization + "deviation";

    private static readonly string[] s_parts = ["encoder/", "decoder/", "offset/"];

    /// <summary>PyTorch's words for what ends a name in the graph.</summary>
    private static readonly (string InGraph, string InTorch)[] s_words =
    [
        ("/weight", ".weight"), ("/bias", ".bias"), (Normalization + "scale", ".normalization.weight"),
            (Normalization + "shift", ".normalization.bias"),
        (Normalization + "mean", ".normalization.running_mean"), (Deviation, ".normalization.running_var"),
    ];

    /// <summary>The name of the tensor of one of the graph's weights.</summary>
    /// <param name="initializer">The weight's name in the graph, such as <c>encoder/dense1/weight</c>.</param>
    public static string NameOf(string initializer)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        var (inGraph, inTorch) = s_words.FirstOrDefault(word => initializer.EndsWith(word.InGraph, StringComparison.Ordinal));
        return inGraph is null ? initializer.Replace('/', '.') : initializer[..^inGraph.Length].Replace('/', '.') + inTorch;
    }

    /// <summary>The weights of a graph.</summary>
    internal static SafeTensors Of(ModelProto model, AutoencoderMetadata metadata)
    {
        var tensors = Weights(model, metadata).Select(pair => new SafeTensor(pair.Key, [.. pair.Value.Dims], ToTorch(pair.Value))).ToList();
        long[] features = [metadata.FeatureCount];
        tensors.Add(new SafeTensor(ScalingOffset, features, metadata.ScalingOffsets.ToArray()));
        tensors.Add(new SafeTensor(ScalingScale, features, metadata.ScalingScales.ToArray()));
        return new SafeTensors(tensors, Describe(model.Graph, metadata));
    }

    /// <summary>
    /// Gives a graph other weights, and the metadata the scaling that came with them; the training that they tell of
    /// was that of the old ones.
    /// </summary>
    internal static AutoencoderMetadata Replace(ModelProto model, AutoencoderMetadata metadata, SafeTensors weights)
    {
        var own = Weights(model, metadata);
        var found = weights.Expect(own.ToDictionary(
            pair => pair.Key, pair => (IReadOnlyList<long>)[.. pair.Value.Dims], StringComparer.Ordinal), ScalingOffset, ScalingScale);
        foreach (var (key, text) in Describe(model.Graph, metadata)
            .Where(pair => pair.Key is EncoderKey or DecoderKey or CodeOffsetKey or CodeLogVarianceKey))
        {
            if (weights.Metadata.TryGetValue(key, out string? theirs) && !TorchLayers.AreEqual(text, theirs))
                throw new InvalidDataException(
                    $"{weights.Source} is of a network with other layers: its '{key}' is {theirs}; the model's is {text}.");
        }
        metadata = ReplaceScaling(model.Graph, metadata, weights);
        foreach (var (name, tensor) in own)
        {
            float[] values = found[name].Values.ToArray();
            int broken = Array.FindIndex(values, value => !float.IsFinite(value));
            if (broken >= 0)
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{weights.Source} has {values[broken]} in the tensor '{name}'; expected numbers."));
            if (tensor.Name.EndsWith(Deviation, StringComparison.Ordinal))
            {
                for (int i = 0; i < values.Length; i++)
                    values[i] = values[i] > 0 ? MathF.Sqrt(values[i])
                        : throw new InvalidDataException(
                        FormattableString.Invariant(
                        $"{weights.Source} has {values[i]} in the tensor '{name}'; expected variances of more than 0."));
            }
            OnnxFile.SetValues(tensor, values);
        }
        return metadata with { Training = "{}" };
    }

    /// <summary>The offsets and scales that came with some weights; null where none did.</summary>
    internal static (float[] Offsets, float[] Scales)? ScalingOf(SafeTensors weights, int featureCount)
    {
        var (offset, scale) = (weights.Find(ScalingOffset), weights.Find(ScalingScale));
        if (offset is null && scale is null)
            return null;
        foreach (var (name, tensor) in new[] { (ScalingOffset, offset), (ScalingScale, scale) })
        {
            if (tensor?.Shape is not [long width] || width != featureCount)
                throw new InvalidDataException(
                    $"{weights.Source} has the tensor '{name}' " +
                    $"{(tensor is null ? "not at all" : $"of shape [{string.Join(", ", tensor.Shape)}]")}; expected [{featureCount}], or " +
                    $"neither '{ScalingOffset}' nor '{ScalingScale}'.");
        }
        float[] offsets = offset!.Values.ToArray(), scales = scale!.Values.ToArray();
        if (!offsets.All(float.IsFinite) || !scales.All(value => float.IsFinite(value) && value > 0))
            throw new InvalidDataException(
                $"{weights.Source} has a scaling that cannot be: offsets are numbers, and scales numbers above 0.");
        return (offsets, scales);
    }

    /// <summary>The initializers that are weights, by the names of their tensors, in the graph's order.</summary>
    private static Dictionary<string, TensorProto> Weights(ModelProto model, AutoencoderMetadata metadata)
    {
        if (metadata.ClassNames.Count > 0)
            throw new InvalidOperationException(
                $"The model is a {metadata.Variant}, whose weights cannot be moved; only an autoencoder's can.");
        var graph = model.Graph;
        bool imported = metadata.Variant == AutoencoderMetadata.Imported;
        var all = graph.Initializer.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        foreach (var node in graph.Node.Where(node => IsInPart(node.Name)))
        {
            bool isLayer = node.OpType is "Gemm" or "Conv" or "ConvTranspose";
            if (node.OpType.Contains("Quantize", StringComparison.OrdinalIgnoreCase)
                || node.OpType.EndsWith("Integer", StringComparison.Ordinal) || node.OpType.StartsWith("QLinear", StringComparison.Ordinal)
                || (isLayer && !imported && !(all.TryGetValue(node.Input[1], out var weight)
                    && weight.DataType == (int)OnnxElementType.Single)))
                throw new InvalidOperationException(
                    $"The graph keeps the weights of '{node.Name}' ({node.OpType}) in another form than Single. Use the model that it " +
                    "was made from.");
        }
        var weights = new Dictionary<string, TensorProto>(StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer.Where(
            tensor => tensor.DataType == (int)OnnxElementType.Single && IsInPart(tensor.Name)
            && (imported ? tensor.Dims.Count > 0 : s_words.Any(word => tensor.Name.EndsWith(word.InGraph, StringComparison.Ordinal)))))
        {
            if (!weights.TryAdd(NameOf(tensor.Name), tensor))
                throw new InvalidOperationException(
                    $"Two weights of the graph would have the name '{NameOf(tensor.Name)}' in PyTorch; one of them is '{tensor.Name}'.");
        }
        return weights;
    }

    private static AutoencoderMetadata ReplaceScaling(GraphProto graph, AutoencoderMetadata metadata, SafeTensors weights)
    {
        if (ScalingOf(weights, metadata.FeatureCount) is not var (offsets, scales)
            || (offsets.SequenceEqual(metadata.ScalingOffsets) && scales.SequenceEqual(metadata.ScalingScales)))
            return metadata;
        foreach (var (name, values, neutral) in new[] { (ScalingGraph.OffsetName, offsets, 0f), (ScalingGraph.ScaleName, scales, 1f) })
        {
            if (graph.Initializer.FirstOrDefault(tensor => tensor.Name == name) is { } tensor)
                OnnxFile.SetValues(tensor, values);
            else if (values.Any(value => value != neutral))
                throw new InvalidDataException(
                    $"{weights.Source} has a scaling ('{ScalingOffset}', '{ScalingScale}'), and the model's graph has no place for it, " +
                    "since its features are not scaled. Leave the two tensors out, and scale the features before.");
        }
        return metadata with { ScalingOffsets = offsets, ScalingScales = scales };
    }

    private static float[] ToTorch(TensorProto tensor)
    {
        float[] values = OnnxFile.GetValues(tensor);
        if (tensor.Name.EndsWith(Deviation, StringComparison.Ordinal))
            values = Array.ConvertAll(values, value => value * value);
        return values;
    }

    private static Dictionary<string, string> Describe(GraphProto graph, AutoencoderMetadata metadata)
    {
        var described = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = "pt",
            [AutoencoderMetadata.Prefix + "library_version"] = AutoencoderMetadata.CurrentLibraryVersion,
            [AutoencoderMetadata.Prefix + "variant"] = metadata.Variant,
            [AutoencoderMetadata.Prefix + "feature_names"] = System.Text.Json.JsonSerializer.Serialize(metadata.FeatureNames),
            [AutoencoderMetadata.Prefix + "loss"] = metadata.Loss,
        };
        if (metadata.LikelihoodVariance > 0)
            described[LikelihoodVarianceKey] = metadata.LikelihoodVariance.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if (metadata.Variant == AutoencoderMetadata.Imported)
            return described;
        var layers = new TorchLayers(graph);
        Add(EncoderKey, GraphNames.Code);
        Add(DecoderKey, GraphNames.Reconstruction);
        Add(CodeLogVarianceKey, GraphNames.CodeLogVariance);
        if (layers.CodeOffset is { } offset)
            described[CodeOffsetKey] = layers.To(offset);
        return described;

        void Add(string key, string output)
        {
            if (graph.Output.Any(value => value.Name == output))
                described[key] = layers.To(output);
        }
    }

    private static bool IsInPart(string name) => s_parts.Any(part => name.StartsWith(part, StringComparison.Ordinal));
}
