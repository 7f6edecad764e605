using System.Globalization;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is checked of an ONNX file before ONNX Runtime sees it, wherever it came from and whatever its metadata say.</summary>
/// <remarks>
/// ONNX Runtime is native code: a file must not make it read other files, divide whole numbers by zero, or set aside
/// memory without end. And the scores of a row must not depend on the rows beside it. What is run passes
/// <see cref="Check"/>; of a file that is only looked at, <see cref="Structure"/> asks that it holds what it says. Whether
/// types and shapes fit is left to ONNX Runtime, and <see cref="RowTrial"/> tries what is left.
/// </remarks>
internal static class GraphCheck
{
    /// <summary>The most elements that a node makes because numbers in the file say so: 64 MiB of Singles.</summary>
    public const long MostElements = 1L << 24;

    private const int MostNodes = 20_000, MostNameLength = 4_096, MostRank = 8, LeastIrVersion = 6, MostIrVersion = 10;

    /// <summary>Checks a file of any origin: that its names are sane and all its tensors hold what they say.</summary>
    /// <exception cref="InvalidDataException">The file does not pass; the message says what was found.</exception>
    public static void Structure(ModelProto model, string source)
    {
        var graph = model.Graph;
        CheckNames(graph.Input.Concat(graph.Output).Concat(graph.ValueInfo).Select(value => value.Name)
            .Concat(graph.Node.SelectMany(node => node.Input.Concat(node.Output).Append(node.Name).Append(node.OpType)))
            .Concat(model.MetadataProps.Select(entry => entry.Key)), source);
        foreach (var tensor in Tensors(graph).Concat(model.Functions.SelectMany(function =>
            function.Node.SelectMany(node => node.Attribute).Concat(function.AttributeProto).SelectMany(Tensors))))
        {
            CheckNames([tensor.Name], source);
            TensorCheck.Check(tensor, $"{source} has the tensor '{Shown(tensor.Name)}', which");
        }
    }

    /// <summary>
    /// Checks a file that will be run: as <see cref="Structure"/>, and its versions, and every node. The numbers of its
    /// tensors are bytes afterwards.
    /// </summary>
    /// <returns>What is known of every value.</returns>
    /// <exception cref="InvalidDataException">The file does not pass; the message says what was found.</exception>
    public static Dictionary<string, GraphValue> Check(ModelProto model, string source)
    {
        Structure(model, source);
        if (model.OpsetImport is not [{ Domain: "" or "ai.onnx", Version: >= OpsetForms.Least and <= OpsetForms.Most } opset]
            || model.IrVersion is < LeastIrVersion or > MostIrVersion)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{source} has the IR version {model.IrVersion} and the operator sets " +
                $"{string.Join(", ", model.OpsetImport.Take(4).Select(Version))}; expected IR " +
                $"{LeastIrVersion} to {MostIrVersion} and ONNX's own operators, {OpsetForms.Least} to {OpsetForms.Most}, and no others."));
        var graph = model.Graph;
        if (model.Functions.Count + graph.SparseInitializer.Count > 0 || Math.Max(graph.Node.Count, graph.Initializer.Count) > MostNodes)
            throw new InvalidDataException(
                $"{source} has {model.Functions.Count} functions, {graph.SparseInitializer.Count} sparse initializers, " +
                $"{graph.Node.Count} nodes and {graph.Initializer.Count} initializers; expected none of the first two, and at most " +
                $"{MostNodes} of the others.");
        if (Twice(model.MetadataProps.Select(entry => entry.Key)) is { } key)
            throw new InvalidDataException($"{source} has two metadata with the key '{Shown(key)}'.");
        if (Twice(graph.Node.Select(node => node.Name).Where(name => name.Length > 0)) is { } name)
            throw new InvalidDataException($"{source} has two nodes with the name '{Shown(name)}'.");
        return CheckNodes(graph, [.. graph.Input.Select(input => (input.Name, ContractCheck.Border(input, source)))],
            (int)opset.Version, source);
    }

    /// <summary>
    /// Checks that each value is made once and before it is used, and every node by <see cref="OperatorList"/>. The numbers
    /// of initializers are bytes afterwards.
    /// </summary>
    /// <returns>What is known of every value.</returns>
    public static Dictionary<string, GraphValue> CheckNodes(
        GraphProto graph, IReadOnlyList<(string Name, GraphValue Value)> inputs, int opset, string source)
    {
        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        foreach (var (name, value) in inputs)
            Add(name, value);
        foreach (var tensor in graph.Initializer)
        {
            Add(tensor.Name, new GraphValue(tensor.DataType, tensor.Dims.Count, OfRows: false, tensor));
            tensor.ToBytes();
        }
        foreach (var node in graph.Node)
        {
            var rule = RuleOf(node, opset, source);
            var made = rule(new CheckedNode(node, [.. node.Input.Select(input => Find(node, input))], opset, source));
            for (int i = 0; i < node.Output.Count; i++)
                Add(node.Output[i], node.OpType == "TopK" && i == 1 ? made with { Type = TensorTypes.Int64 } : made);
        }
        return values;

        void Add(string name, GraphValue value)
        {
            if (!TensorTypes.IsRun(value.Type) || value.Rank > MostRank)
                throw new InvalidDataException(
                    $"{source} has '{Shown(name)}' as {TensorTypes.NameOf(value.Type)} with {value.Rank} axes, which is not run.");
            if (name.Length == 0 || !values.TryAdd(name, value))
                throw new InvalidDataException($"{source} makes the value '{Shown(name)}' twice, or without a name.");
        }
        GraphValue? Find(NodeProto node, string input) => input.Length == 0 ? null : values.GetValueOrDefault(input)
            ?? throw new InvalidDataException($"{source} has {Shown(node)}, which takes '{Shown(input)}' before it is made.");
    }

    /// <summary>A name out of a file, for a message: short, and without characters that a terminal obeys.</summary>
    public static string Shown(string name) => string.Concat(
        (name.Length <= 80 ? name : name[..80] + "...").Select(character => char.IsControl(character) ? '?' : character));

    /// <summary>A node, for a message.</summary>
    public static string Shown(NodeProto node) => $"the node '{Shown(node.Name)}' ({Shown(node.OpType)})";

    private static string Version(OperatorSetIdProto set) => FormattableString.Invariant($"'{Shown(set.Domain)}' {set.Version}");

    private static Func<CheckedNode, GraphValue> RuleOf(NodeProto node, int opset, string source)
    {
        InvalidDataException Refuse(string why) => new($"{source} has {Shown(node)}{why}.");
        if (node.Domain is not ("" or "ai.onnx"))
            throw Refuse($" of the domain '{Shown(node.Domain)}'; expected ONNX's own operators");
        if (node.Attribute.Any(attribute => attribute.G is not null || attribute.Graphs.Count > 0))
            throw Refuse(", which holds a graph of its own. Export it without branches and loops");
        if (node.OpType.StartsWith("Random", StringComparison.Ordinal))
            throw Refuse(
                ", whose result is drawn at random. Take an output that does not depend on it, such as the mean of a variational code");
        if (OperatorList.Find(node.OpType) is not { } entry || opset < entry.Since)
            throw Refuse(
                $", which is not among the operators that are run in opset {opset} (the documentation lists them). Export the model " +
                "without it, or cut it off by naming another input or output");
        int most = node.OpType switch { "TopK" => 2, "Split" => 64, _ => 1 };
        if (node.Output.Count < 1 || node.Output.Count > most)
            throw Refuse($" with {node.Output.Count} outputs; expected 1 to {most}. Export it in evaluation mode");
        if (Twice(node.Attribute.Select(attribute => attribute.Name)) is { } name)
            throw Refuse($" with the attribute '{Shown(name)}' twice");
        if (OperatorRules.OutOfBounds(node) is (var attribute, var least, var greatest))
        {
            string found = attribute.Ints.Count > 0 ? string.Join(", ", attribute.Ints.Take(8)) : $"{attribute.I}";
            throw Refuse($" with '{attribute.Name}' of {found}; expected {least}{(greatest > least ? $" to {greatest}" : "")}" +
                (attribute.Name == "training_mode" ? ". Export it in evaluation mode" : ""));
        }
        return entry.Rule;
    }

    /// <summary>All tensors of a graph, those in the attributes of its nodes among them.</summary>
    private static IEnumerable<TensorProto> Tensors(GraphProto graph) => graph.Initializer
        .Concat(graph.SparseInitializer.SelectMany(Tensors)).Concat(graph.Node.SelectMany(node => node.Attribute).SelectMany(Tensors));

    private static IEnumerable<TensorProto> Tensors(AttributeProto attribute) =>
    [
        .. attribute.Tensors, .. attribute.T is null ? [] : new[] { attribute.T },
        .. attribute.Graphs.SelectMany(Tensors), .. attribute.G is null ? [] : Tensors(attribute.G),
        .. attribute.SparseTensors.SelectMany(Tensors), .. attribute.SparseTensor is null ? [] : Tensors(attribute.SparseTensor),
    ];

    private static IEnumerable<TensorProto> Tensors(SparseTensorProto sparse) =>
        [sparse.Values ?? new TensorProto(), sparse.Indices ?? new TensorProto()];

    private static string? Twice(IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return names.FirstOrDefault(name => !seen.Add(name));
    }

    private static void CheckNames(IEnumerable<string> names, string source)
    {
        if (names.FirstOrDefault(name => name.Length > MostNameLength) is { } name)
            throw new InvalidDataException(
                $"{source} has a name of {name.Length} characters, '{Shown(name)}'; at most {MostNameLength} are read.");
    }
}
