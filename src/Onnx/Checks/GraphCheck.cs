using Google.Protobuf.Collections;

namespace MLNetAutoencoder.Onnx;

/// <summary>What is checked of an ONNX file before ONNX Runtime sees it.</summary>
/// <remarks>
/// A file may come from anywhere. ONNX Runtime is native code: what it does with a graph that contradicts itself, asks
/// for other files or for endless memory is not for a library to find out. A graph of this library has few forms, so
/// that much can be asked of it: <see cref="OfOurs"/> computes the shape of every value. Of other files little is
/// known: <see cref="Structural"/> asks that they hold what they say they hold.
/// </remarks>
internal static class GraphCheck
{
    private const int MostNesting = 8;

    /// <summary>
    /// Checks a file of any origin: its size, that all tensors hold what their types and shapes say, that nothing lies
    /// in other files, that names are of a sane length.
    /// </summary>
    /// <param name="model">The file, parsed.</param>
    /// <param name="byteCount">Its length.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="InvalidDataException">The file does not pass; the message says what was found.</exception>
    public static void Structural(ModelProto model, long byteCount, string source)
    {
        CheckSize(byteCount, source);
        if (model.OpsetImport.Count is 0 or > 64 || model.OpsetImport.Any(opset => opset.Version is < 1 or > 1_000)
            || model.IrVersion is < 1 or > 1_000)
            throw new InvalidDataException(
                $"{source} has the IR version {model.IrVersion} and {model.OpsetImport.Count} operator " +
                $"sets{string.Concat(model.OpsetImport.Take(4).Select(opset => $", {Shown(NameOf(opset.Domain))} {opset.Version}"))}; " +
                "expected versions from 1 to 1,000.");
        foreach (var entry in model.MetadataProps)
            CheckName(entry.Key, "a key of metadata", source);
        CheckGraph(model.Graph, source, nesting: 0);
        foreach (var function in model.Functions)
        {
            CheckName(function.Name, "a function", source);
            CheckNodes(function.Node, source, nesting: 1);
            foreach (var attribute in function.AttributeProto)
                CheckAttribute(attribute, $"{source} has the function '{Shown(function.Name)}'", source, nesting: 1);
        }
    }

    /// <summary>
    /// Checks a graph of this library: as <see cref="Structural"/>, and that versions, operators, attributes, types and
    /// shapes are those of its graphs, each value made once and before it is used, and all of it within
    /// <see cref="GraphLimits"/>.
    /// </summary>
    /// <param name="model">The file, parsed.</param>
    /// <param name="byteCount">Its length.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <returns>What is known of every value.</returns>
    /// <exception cref="InvalidDataException">The file does not pass; the message says what was found.</exception>
    public static IReadOnlyDictionary<string, GraphValue> OfOurs(ModelProto model, long byteCount, string source)
    {
        Structural(model, byteCount, source);
        var opsets = Versions(model, source);
        var graph = model.Graph;
        if (model.Functions.Count > 0 || graph.SparseInitializer.Count > 0)
            throw new InvalidDataException(
                $"{source} has {model.Functions.Count} functions and {graph.SparseInitializer.Count} sparse initializers; graphs of this " +
                "library have none.");
        if (model.MetadataProps.DistinctBy(entry => entry.Key, StringComparer.Ordinal).Count() != model.MetadataProps.Count)
            throw new InvalidDataException($"{source} has two metadata with one key.");
        if (graph.Input.Count == 0 || graph.Node.Count > GraphLimits.MostNodes || graph.Initializer.Count > GraphLimits.MostNodes)
            throw new InvalidDataException(
                $"{source} has {graph.Input.Count} inputs, {graph.Node.Count} nodes and {graph.Initializer.Count} initializers; expected " +
                $"at least one input, and at most {GraphLimits.MostNodes} of the others.");

        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
            AddValue(values, input.Name, BorderOf(input, source), source);
        foreach (var tensor in graph.Initializer)
            AddValue(values, tensor.Name, new GraphValue(
                tensor.DataType, [.. tensor.Dims.Select(length => new Axis(length))], tensor), source);
        long elements = 0, constants = 0, operations = 0;
        var nodes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in graph.Node)
        {
            if (node.Name.Length > 0 && !nodes.Add(node.Name))
                throw new InvalidDataException($"{source} has two nodes with the name '{Shown(node.Name)}'.");
            var outputs = Infer(node, values, opsets, source, out long nodeOperations);
            operations += nodeOperations;
            long largestInput = node.Input.Where(input => input.Length > 0).Max(input => values[input].Elements);
            for (int i = 0; i < node.Output.Count; i++)
            {
                CheckMade(node, outputs[i], largestInput, source);
                AddValue(values, node.Output[i], outputs[i], source);
                (outputs[i].OfBatch ? ref elements : ref constants) += outputs[i].Elements;
            }
            if (elements > GraphLimits.MostElementsOfRow || constants > GraphLimits.MostConstantElements
                || operations > GraphLimits.MostOperations)
            {
                throw new InvalidDataException(
                    $"{source} has a graph that makes {elements} elements for one row, {constants} constants and {operations} " +
                    $"multiplications up to the node '{Shown(node.Name)}'; "
                    + $"at most {GraphLimits.MostElementsOfRow}, {GraphLimits.MostConstantElements} and {GraphLimits.MostOperations} are " +
                        "run.");
            }
        }
        CheckOutputs(graph, values, source);
        return values;
    }

    /// <summary>
    /// Checks a graph that has an imported encoder and decoder in it, which may have any of ONNX's operators and forms:
    /// as <see cref="Structural"/>, and that nothing flows in loops or branches, nothing is drawn at random, and each
    /// value is made once and before it is used.
    /// </summary>
    /// <param name="model">The file, parsed.</param>
    /// <param name="byteCount">Its length.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <returns>What is known of inputs, outputs and initializers.</returns>
    /// <exception cref="InvalidDataException">The file does not pass; the message says what was found.</exception>
    public static IReadOnlyDictionary<string, GraphValue> OfImported(ModelProto model, long byteCount, string source)
    {
        Structural(model, byteCount, source);
        Versions(model, source);
        var graph = model.Graph;
        if (model.Functions.Count > 0 || graph.SparseInitializer.Count > 0)
            throw new InvalidDataException(
                $"{source} has {model.Functions.Count} functions and {graph.SparseInitializer.Count} sparse initializers; graphs of this " +
                "library have none.");
        var values = new Dictionary<string, GraphValue>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
            AddValue(values, input.Name, BorderOf(input, source), source);
        foreach (var tensor in graph.Initializer)
            AddValue(values, tensor.Name, new GraphValue(
                tensor.DataType, [.. tensor.Dims.Select(length => new Axis(length))], tensor), source);
        var made = values.Keys.ToHashSet(StringComparer.Ordinal);
        foreach (var node in graph.Node)
        {
            if (DomainOf(node.Domain).Length > 0 || ImportedGraph.IsRandom(node.OpType)
                || node.Attribute.Any(attribute => attribute.G is not null || attribute.Graphs.Count > 0))
                throw new InvalidDataException(
                    $"{source} has the node '{Shown(node.Name)}' with the operator {Shown(NameOf(node.Domain))}.{Shown(node.OpType)}, " +
                    "which an imported graph may not have.");
            if (node.Input.FirstOrDefault(input => input.Length > 0 && !made.Contains(input)) is { } early)
                throw new InvalidDataException(
                    $"{source} has the node '{Shown(node.Name)}' ({node.OpType}), which takes '{Shown(early)}' before anything makes it.");
            if (node.Output.FirstOrDefault(output => output.Length > 0 && !made.Add(output)) is { } twice)
                throw new InvalidDataException($"{source} makes the value '{Shown(twice)}' twice.");
        }
        foreach (var output in graph.Output)
        {
            if (!made.Contains(output.Name) || !values.TryAdd(output.Name, BorderOf(output, source)))
                throw new InvalidDataException($"{source} has the output '{Shown(output.Name)}', which no node makes, or twice.");
        }
        return values;
    }

    /// <summary>A name out of a file, for a message: short, and without characters that a terminal obeys.</summary>
    public static string Shown(string name) => string.Concat(
        (name.Length <= 80 ? name : name[..80] + "...").Select(character => char.IsControl(character) ? '?' : character));

    /// <summary>Checks how many bytes a file has.</summary>
    public static void CheckSize(long byteCount, string source)
    {
        if (byteCount > GraphLimits.MostBytes)
            throw new InvalidDataException($"{source} has {byteCount} bytes; an ONNX file has at most {GraphLimits.MostBytes}.");
    }

    /// <summary>Checks what a node makes: its size and shape.</summary>
    /// <param name="node">The node.</param>
    /// <param name="value">What it makes.</param>
    /// <param name="largestInput">The number of elements of its largest input.</param>
    /// <param name="source">Where the graph came from, for messages.</param>
    public static void CheckMade(NodeProto node, GraphValue value, long largestInput, string source)
    {
        // What is made of constants alone may be as large as they are: weights that are stored as bytes become numbers.
        long most = value.OfBatch ? GraphLimits.MostElements : Math.Max(GraphLimits.MostElements, largestInput);
        bool isSane = TensorTypes.IsOurs(value.Type) && value.Rank <= GraphLimits.MostRank && value.Elements <= most
            && Array.TrueForAll(value.Shape, axis => axis.Length is >= 1 and <= GraphLimits.MostLength)
                && value.Shape.Count(axis => axis.OfBatch) <= 1;
        if (!isSane)
            throw new InvalidDataException(
                $"{source} has the node '{Shown(node.Name)}' ({node.OpType}), which makes {value}: more than {most} elements for one " +
                "row, an empty value, or one that grows with the square of the batch.");
    }

    private static Dictionary<string, long> Versions(ModelProto model, string source)
    {
        var opsets = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var opset in model.OpsetImport)
        {
            string domain = DomainOf(opset.Domain);
            bool isOurs = domain switch
            {
                "" => opset.Version is >= GraphLimits.LeastOpset and <= GraphLimits.MostOpset,
                GraphLimits.MlDomain => opset.Version is >= GraphLimits.LeastMlOpset and <= GraphLimits.MostMlOpset,
                _ => false,
            };
            if (!isOurs || !opsets.TryAdd(domain, opset.Version))
                throw new InvalidDataException(
                    $"{source} uses version {opset.Version} of the operator set {Shown(NameOf(opset.Domain))}; expected ai.onnx " +
                    $"{GraphLimits.LeastOpset} to {GraphLimits.MostOpset} and perhaps {GraphLimits.MlDomain} {GraphLimits.LeastMlOpset} " +
                    $"to {GraphLimits.MostMlOpset}, each once.");
        }
        if (!opsets.ContainsKey("") || model.IrVersion is < GraphLimits.LeastIrVersion or > GraphLimits.MostIrVersion)
            throw new InvalidDataException(
                $"{source} has the IR version {model.IrVersion} and the operator sets {string.Join(", ", opsets.Keys.Select(NameOf))}; " +
                $"expected IR {GraphLimits.LeastIrVersion} to {GraphLimits.MostIrVersion} with ai.onnx.");
        return opsets;
    }

    private static GraphValue[] Infer(NodeProto node, Dictionary<string, GraphValue> values, Dictionary<string, long> opsets, string source,
        out long operations)
    {
        string domain = DomainOf(node.Domain);
        if (OperatorList.Find(domain, node.OpType) is not { } rule || !opsets.TryGetValue(domain, out long opset))
            throw new InvalidDataException(
                $"{source} has the node '{Shown(node.Name)}' with the operator {Shown(NameOf(domain))}.{Shown(node.OpType)}, which is " +
                "none of this library's.");
        var inputs = new GraphValue?[node.Input.Count];
        for (int i = 0; i < inputs.Length; i++)
        {
            string input = node.Input[i];
            if (input.Length > 0 && !values.TryGetValue(input, out inputs[i]))
                throw new InvalidDataException(
                    $"{source} has the node '{Shown(node.Name)}' ({node.OpType}), which takes '{Shown(input)}' before anything makes it.");
        }
        return rule.Apply(node, inputs, opset, source, out operations);
    }

    private static void CheckOutputs(GraphProto graph, Dictionary<string, GraphValue> values, string source)
    {
        var made = graph.Node.SelectMany(node => node.Output).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var output in graph.Output)
        {
            var declared = BorderOf(output, source);
            if (!made.Contains(output.Name) || !seen.Add(output.Name))
                throw new InvalidDataException($"{source} has the output '{Shown(output.Name)}', which no node makes, or twice.");
            var found = values[output.Name];
            if (found.Type != declared.Type || !found.HasShape(declared.Shape))
                throw new InvalidDataException(
                    $"{source} has the output '{Shown(output.Name)}', which is declared as {declared}; its nodes make {found}.");
        }
    }

    /// <summary>The type and shape that an input or output is declared with: [batch, n].</summary>
    private static GraphValue BorderOf(ValueInfoProto value, string source)
    {
        var type = value.Type?.TensorType;
        if (type is null || !TensorTypes.IsOurs(type.ElemType))
            throw new InvalidDataException(
                $"{source} has the input or output '{Shown(value.Name)}' that is no tensor, or one of a type that this library's graphs " +
                "do not have.");
        int width = OnnxFile.WidthOf(value);
        if (width < 1 || width > GraphLimits.MostElements || type.Shape.Dim[0].DimParam.Length == 0)
            throw new InvalidDataException($"{source} has the input or output '{Shown(value.Name)}' with the shape [{string.Join(", ", (type.Shape?.Dim ?? []).Take(GraphLimits.MostRank).Select(axis => axis.DimParam.Length > 0 ? Shown(axis.DimParam) : $"{axis.DimValue}"))}]; expected [{OnnxGraphBuilder.BatchAxis}, n].");
        return new GraphValue(type.ElemType, [Axis.Batch, new Axis(width)]);
    }

    private static void AddValue(Dictionary<string, GraphValue> values, string name, GraphValue value, string source)
    {
        if (name.Length == 0)
            throw new InvalidDataException($"{source} has an input, initializer or output without a name.");
        if (!TensorTypes.IsOurs(value.Type) || value.Rank > GraphLimits.MostRank)
            throw new InvalidDataException($"{source} has '{Shown(name)}' as {value}, which this library's graphs do not have.");
        if (!values.TryAdd(name, value))
            throw new InvalidDataException($"{source} makes the value '{Shown(name)}' twice.");
    }

    private static void CheckGraph(GraphProto graph, string source, int nesting)
    {
        if (nesting > MostNesting)
            throw new InvalidDataException($"{source} has graphs within graphs, more than {MostNesting} deep.");
        if (graph.Initializer.Count > GraphLimits.MostImportedNodes)
            throw new InvalidDataException(
                $"{source} has {graph.Initializer.Count} initializers; at most {GraphLimits.MostImportedNodes} are read.");
        foreach (var tensor in graph.Initializer)
        {
            CheckName(tensor.Name, "an initializer", source);
            TensorCheck.Check(tensor, $"{source} has the initializer '{Shown(tensor.Name)}', which");
        }
        foreach (var tensor in graph.SparseInitializer)
            CheckSparse(tensor, $"{source} has the sparse initializer '{Shown(tensor.Values?.Name ?? "")}', which");
        foreach (var value in graph.Input.Concat(graph.Output).Concat(graph.ValueInfo))
        {
            CheckName(value.Name, "a value", source);
            var axes = value.Type?.TensorType?.Shape?.Dim ?? [];
            if (axes.Count > 64 || axes.Any(axis =>
                axis.DimValue is < -1 or > GraphLimits.MostLength || axis.DimParam.Length > GraphLimits.MostNameLength))
                throw new InvalidDataException(
                    $"{source} declares '{Shown(value.Name)}' with {axes.Count} axes, one of them negative or longer than " +
                    $"{GraphLimits.MostLength}.");
        }
        CheckNodes(graph.Node, source, nesting);
    }

    private static void CheckNodes(RepeatedField<NodeProto> nodes, string source, int nesting)
    {
        if (nodes.Count > GraphLimits.MostImportedNodes)
            throw new InvalidDataException($"{source} has {nodes.Count} nodes; at most {GraphLimits.MostImportedNodes} are read.");
        foreach (var node in nodes)
        {
            CheckName(node.Name, "a node", source);
            CheckName(node.OpType, "an operator", source);
            CheckName(node.Domain, "a domain", source);
            foreach (string name in node.Input.Concat(node.Output))
                CheckName(name, "a value", source);
            string what = $"{source} has the node '{Shown(node.Name)}' ({Shown(node.OpType)})";
            var names = new HashSet<string>(StringComparer.Ordinal);
            foreach (var attribute in node.Attribute)
            {
                if (!names.Add(attribute.Name))
                    throw new InvalidDataException($"{what} with the attribute '{Shown(attribute.Name)}' twice.");
                CheckAttribute(attribute, what, source, nesting);
            }
        }
    }

    private static void CheckAttribute(AttributeProto attribute, string what, string source, int nesting)
    {
        CheckName(attribute.Name, "an attribute", source);
        string tensorOf = $"{what} with the attribute '{Shown(attribute.Name)}', whose tensor";
        if (attribute.T is not null)
            TensorCheck.Check(attribute.T, tensorOf);
        foreach (var tensor in attribute.Tensors)
            TensorCheck.Check(tensor, tensorOf);
        if (attribute.SparseTensor is not null)
            CheckSparse(attribute.SparseTensor, tensorOf);
        foreach (var tensor in attribute.SparseTensors)
            CheckSparse(tensor, tensorOf);
        if (attribute.G is not null)
            CheckGraph(attribute.G, source, nesting + 1);
        foreach (var graph in attribute.Graphs)
            CheckGraph(graph, source, nesting + 1);
    }

    private static void CheckSparse(SparseTensorProto tensor, string what)
    {
        if (tensor.Values is null || tensor.Indices is null || tensor.Dims.Any(length => length is < 0 or > GraphLimits.MostLength))
            throw new InvalidDataException(
                $"{what} lacks values or indices, or has an axis that is negative or longer than {GraphLimits.MostLength}.");
        TensorCheck.Check(tensor.Values, what);
        TensorCheck.Check(tensor.Indices, what);
    }

    private static void CheckName(string name, string what, string source)
    {
        if (name.Length > GraphLimits.MostNameLength)
            throw new InvalidDataException(
                $"{source} has {what} with a name of {name.Length} characters, '{Shown(name)}'; at most {GraphLimits.MostNameLength} are " +
                "read.");
    }

    // ONNX has two names for its own operators.
    private static string DomainOf(string domain) => domain == "ai.onnx" ? "" : domain;

    private static string NameOf(string domain) => domain.Length == 0 ? "ai.onnx" : domain;
}
