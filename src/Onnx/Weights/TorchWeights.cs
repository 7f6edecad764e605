using System.Text.Json;
using System.Text.Json.Nodes;

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
        var (inGraph, inTorch) = s_words.FirstOrDefault(word => initializer.EndsWith(word.InGraph, StringComparison.Ordinal));
        return inGraph is null ? initializer.Replace('/', '.') : initializer[..^inGraph.Length].Replace('/', '.') + inTorch;
    }

    /// <summary>The weights of a graph.</summary>
    internal static SafeTensors Of(ModelProto model, AutoencoderMetadata metadata)
    {
        var weights = Weights(model, metadata);
        var tensors = weights.Select(weight => new SafeTensor(weight.Name, [.. weight.Tensor.Dims], weight.IsDeviation
            ? Array.ConvertAll(weight.Tensor.ToSingles(), value => value * value) : weight.Tensor.ToSingles())).ToList();
        long[] features = [metadata.FeatureCount];
        tensors.Add(new SafeTensor(ScalingOffset, features, [.. metadata.ScalingOffsets]));
        tensors.Add(new SafeTensor(ScalingScale, features, [.. metadata.ScalingScales]));
        return new SafeTensors(tensors, Describe(metadata));
    }

    /// <summary>
    /// Gives a graph other weights, and the metadata the scaling that came with them; the training that they tell of
    /// was that of the old ones.
    /// </summary>
    internal static AutoencoderMetadata Replace(ModelProto model, AutoencoderMetadata metadata, SafeTensors weights)
    {
        var own = Weights(model, metadata);
        var found = weights.Expect(own.ToDictionary(
            weight => weight.Name, weight => (IReadOnlyList<long>)[.. weight.Tensor.Dims], StringComparer.Ordinal),
            ScalingOffset, ScalingScale);
        foreach (var (key, text) in Describe(metadata)
            .Where(pair => pair.Key is EncoderKey or DecoderKey or CodeOffsetKey or CodeLogVarianceKey))
        {
            if (weights.Metadata.TryGetValue(key, out string? theirs) && !AreEqual(text, theirs))
                throw new InvalidDataException(
                    $"{weights.Source} is of a network with other layers: its '{key}' is {theirs}; the model's is {text}.");
        }
        metadata = ReplaceScaling(model.Graph, metadata, weights);
        foreach (var (name, tensor, isDeviation) in own)
        {
            float[] values = found[name].Values.ToArray();
            int broken = Array.FindIndex(values, value => !float.IsFinite(value) || (isDeviation && value <= 0));
            if (broken >= 0)
                throw new InvalidDataException(FormattableString.Invariant(
                    $"{weights.Source} has {values[broken]} in the tensor '{name}'; expected ") +
                    (isDeviation ? "variances of more than 0." : "numbers."));
            tensor.SetSingles(isDeviation ? Array.ConvertAll(values, MathF.Sqrt) : values);
        }
        return metadata with { Training = "{}" };
    }

    /// <summary>The offsets and scales that came with some weights; null where none did.</summary>
    private static (float[] Offsets, float[] Scales)? ScalingOf(SafeTensors weights, int featureCount)
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

    /// <summary>The initializers that the layers name, in the graph's order; a deviation is a variance to PyTorch.</summary>
    private static List<(string Name, TensorProto Tensor, bool IsDeviation)> Weights(ModelProto model, AutoencoderMetadata metadata)
    {
        if (metadata.Layers.Count == 0)
            throw new InvalidOperationException(
                $"The model's metadata (format version {metadata.FormatVersion}, library version {metadata.LibraryVersion}) name no " +
                $"layers with weights in Single: it was written before format version {AutoencoderMetadata.LeastFormatWithLayers}, or " +
                "from a file with smaller weights. Fit the model again, or use the one that it was made from.");
        var named = metadata.Layers.SelectMany(layer => layer.Tensors, (layer, tensor) => (Tensor: tensor.Value,
            IsDeviation: layer.Function == "batch_norm" && tensor.Key == "running_var"))
            .GroupBy(pair => pair.Tensor).ToDictionary(group => group.Key, group => group.First().IsDeviation, StringComparer.Ordinal);
        List<(string Name, TensorProto Tensor, bool IsDeviation)> weights = [.. model.Graph.Initializer
            .Where(tensor => tensor.DataType == TensorTypes.Single && named.ContainsKey(tensor.Name))
            .Select(tensor => (NameOf(tensor.Name), tensor, named[tensor.Name]))];
        if (named.Keys.Except(weights.Select(weight => weight.Tensor.Name)).FirstOrDefault() is { } other)
            throw new InvalidOperationException(
                $"The graph keeps the weight '{other}' in another form than Single. Use the model that it was made from.");
        if (weights.GroupBy(weight => weight.Name).FirstOrDefault(group => group.Count() > 1) is { } alike)
            throw new InvalidOperationException(
                $"Two weights of the graph would have the name '{alike.Key}' in PyTorch; one of them is '{alike.First().Tensor.Name}'.");
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
                tensor.SetSingles(values);
            else if (values.Any(value => value != neutral))
                throw new InvalidDataException(
                    $"{weights.Source} has a scaling ('{ScalingOffset}', '{ScalingScale}'), and the model's graph has no place for it, " +
                    "since its features are not scaled. Leave the two tensors out, and scale the features before.");
        }
        return metadata with { ScalingOffsets = offsets, ScalingScales = scales };
    }

    private static Dictionary<string, string> Describe(AutoencoderMetadata metadata)
    {
        var texts = metadata.ToDictionary();
        var described = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = "pt",
            [AutoencoderMetadata.Prefix + "library_version"] = AutoencoderMetadata.CurrentLibraryVersion,
        };
        foreach (string key in new[] { "variant", "feature_names", "loss" })
            described[AutoencoderMetadata.Prefix + key] = texts[AutoencoderMetadata.Prefix + key];
        if (metadata.LikelihoodVariance > 0)
            described[LikelihoodVarianceKey] = texts[LikelihoodVarianceKey];
        if (metadata.Variant == AutoencoderMetadata.Imported)
            return described;
        var parts = metadata.Layers.Select(layer => layer.Part).ToHashSet();
        if (parts.Contains(NetworkLayer.Encoder))
            described[EncoderKey] = Functions(NetworkLayer.Encoder, NetworkLayer.CodeMean);
        if (parts.Contains(NetworkLayer.Decoder))
            described[DecoderKey] = Functions(NetworkLayer.Decoder);
        if (parts.Contains(NetworkLayer.CodeLogVariance))
            described[CodeLogVarianceKey] = Functions(NetworkLayer.Encoder, NetworkLayer.CodeLogVariance);
        if (metadata.CodeOffsetSize > 0 && parts.Contains(NetworkLayer.Encoder))
            described[CodeOffsetKey] = Functions(NetworkLayer.CodeOffset);
        return described;

        string Functions(params string[] of) => NetworkLayer.ToJson(metadata.Layers.Where(layer => of.Contains(layer.Part)).Select(layer =>
            layer with { Part = null, Tensors = layer.Tensors.ToDictionary(tensor => tensor.Key, tensor => NameOf(tensor.Value)) }));
    }

    private static bool AreEqual(string one, string other)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(one), JsonNode.Parse(other));
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
