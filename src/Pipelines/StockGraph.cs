using System.Runtime.InteropServices;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>What ML.NET's <c>ConvertToOnnx</c> writes of stock transforms, made fit to stand before a graph of ours.</summary>
/// <remarks>
/// <para>ML.NET calls the variable of a column by the column's name, an output <c>X.output</c>, made by an Identity of
/// its own; slot names are the keys of a LabelEncoder over a constant, with an output
/// <c>mlnet.X.unusedOutput</c>. The first axis is declared as −1; the result of a OneHotEncoder over one key, [rows, 1,
/// n], as [rows, n]. There are casts from a type to itself, and of a key there and back.</para>
/// <para>Here only what the wanted columns need is left. Inputs have the columns' names and the shape [batch, n]; the
/// values between carry names that start with <see cref="Folder"/>, and every one is declared with the shape that it
/// really has, [batch, n] but for the result of a OneHotEncoder, which a Reshape brings to it.</para>
/// </remarks>
internal sealed class StockGraph
{
    /// <summary>What the names of the values between columns and autoencoder start with.</summary>
    public const string Folder = "pipeline/";

    private const string OutputSuffix = ".output";

    // What a FeatureVectorizer takes.
    private static readonly int[] s_joined = [TensorTypes.Single, TensorTypes.Int32, TensorTypes.Int64, TensorTypes.Double];

    private readonly HashSet<string> _taken;
    private readonly Dictionary<string, StockValue> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StockValue> _flat = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StockValue> _wholeNumberOf = new(StringComparer.Ordinal);
    private readonly HashSet<string> _nodeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _inputs = new(StringComparer.Ordinal);

    /// <summary>Takes the transforms of some columns out of a file.</summary>
    /// <param name="model">What ML.NET wrote; it stays as it is.</param>
    /// <param name="columns">The columns whose values are wanted.</param>
    /// <param name="taken">Names that values of another graph have, to which this one will be joined.</param>
    /// <exception cref="InvalidDataException">A column is not among the outputs, or a node takes a value that no
    /// earlier one makes.</exception>
    /// <exception cref="NotSupportedException">A node has an operator that the supported transforms do not have, or an
    /// input no known size.</exception>
    public StockGraph(ModelProto model, IReadOnlyCollection<string> columns, IEnumerable<string> taken)
    {
        _taken = new HashSet<string>(taken, StringComparer.Ordinal);
        var outputs = model.Graph.Output.Select(value => value.Name).ToHashSet(StringComparer.Ordinal);
        foreach (string column in columns)
        {
            if (!outputs.Contains(column + OutputSuffix))
                throw new InvalidDataException(
                    $"The graph of the stock transforms has no output '{column}{OutputSuffix}'; it has {string.Join(", ", outputs)}.");
        }

        var graph = OnnxFile.Cut(model, [.. model.Graph.Input.Select(value => value.Name)],
            [.. columns.Distinct().Select(column => column + OutputSuffix)]).Graph;
        var used = graph.Node.SelectMany(node => node.Input).ToHashSet(StringComparer.Ordinal);
        foreach (var input in graph.Input.Where(value => used.Contains(value.Name)))
            AddInput(input);
        foreach (var tensor in graph.Initializer)
            throw new NotSupportedException(
                $"The graph of the stock transforms has the constant '{tensor.Name}'; the supported transforms have none.");
        foreach (var node in graph.Node)
            Add(node);
    }

    /// <summary>The nodes, inputs, constants and declared values so far; it has no outputs.</summary>
    public GraphProto Graph { get; } = new();

    /// <summary>
    /// From the names of the inputs to those of the columns: the same, but where a value of the other graph has that
    /// name.
    /// </summary>
    public IReadOnlyDictionary<string, string> Inputs => _inputs;

    /// <summary>The value of one of the wanted columns.</summary>
    public StockValue Column(string column) => Flat(_values[column + OutputSuffix]);

    /// <summary>A key as Int64.</summary>
    public StockValue Whole(StockValue key, string name) => _wholeNumberOf.TryGetValue(key.Name, out var whole) ? whole
        : Add("Cast", name, [key.Name], TensorTypes.Int64, key.Lengths,
            OnnxAttribute.Int64("to", TensorTypes.Int64));

    /// <summary>Adds a node with a value of its own.</summary>
    public StockValue Add(string operation, string name, IEnumerable<string> inputs, int elementType, int[] lengths,
        params AttributeProto[] attributes)
    {
        string output = Claim(_taken, Folder + name);
        Graph.Node.Add(new NodeProto
        {
            OpType = operation,
            Name = Claim(_nodeNames, Folder + name),
            Input = { inputs },
            Output = { output },
            Attribute = { attributes },
        });
        return Declare(new StockValue(output, elementType, lengths));
    }

    /// <summary>Adds whole numbers as a constant.</summary>
    public string Constant(string name, long[] values, params long[] shape)
    {
        name = Claim(_taken, Folder + name);
        Graph.Initializer.Add(TensorProtoExtensions.Of(name, TensorTypes.Int64, MemoryMarshal.AsBytes(values.AsSpan()), shape));
        return name;
    }

    /// <summary>Takes out what some values do not need, and gives some of them other names.</summary>
    public void Finish(IReadOnlyCollection<string> values, IReadOnlyDictionary<string, string> newNames)
    {
        var used = values.ToHashSet(StringComparer.Ordinal);
        for (int i = Graph.Node.Count - 1; i >= 0; i--)
        {
            if (used.Contains(Graph.Node[i].Output[0]))
                used.UnionWith(Graph.Node[i].Input);
            else
                Graph.Node.RemoveAt(i);
        }
        foreach (var value in Graph.ValueInfo.Where(value => !used.Contains(value.Name)).ToArray())
            Graph.ValueInfo.Remove(value);
        foreach (var tensor in Graph.Initializer.Where(tensor => !used.Contains(tensor.Name)).ToArray())
            Graph.Initializer.Remove(tensor);
        foreach (var node in Graph.Node)
        {
            OnnxFile.Replace(node.Input, newNames);
            OnnxFile.Replace(node.Output, newNames);
        }
        foreach (var value in Graph.ValueInfo)
            value.Name = newNames.GetValueOrDefault(value.Name, value.Name);
    }

    private void AddInput(ValueInfoProto input)
    {
        var lengths = input.Type.TensorType.Shape?.Dim.Skip(1).Select(axis => axis.DimValue).ToArray() ?? [];
        if (lengths.Length == 0 || lengths.Any(length => length <= 0))
            throw new NotSupportedException(
                $"The column '{input.Name}' has vectors of unknown size; expected a scalar or vectors of one size.");
        string name = Claim(_taken, _taken.Contains(input.Name) ? Folder + input.Name : input.Name);
        var value = new StockValue(name, input.Type.TensorType.ElemType,
            [checked((int)lengths.Aggregate(1L, (product, length) => product * length))]);
        Graph.Input.Add(value.ToProto($"Column '{input.Name}', as it is read."));
        _values[input.Name] = value;
        _inputs[name] = input.Name;
    }

    private void Add(NodeProto node)
    {
        if (node.Input.Count == 0 || node.Output.Count != 1)
            throw new NotSupportedException(
                $"The node '{node.Name}' ({node.OpType}) of the stock transforms has {node.Input.Count} inputs and {node.Output.Count} " +
                "outputs; those of the supported transforms have inputs, and one output.");
        var inputs = node.Input.Select(name => _values.TryGetValue(name, out var value) ? value
            : throw new InvalidDataException(
                $"The node '{node.Name}' of the stock transforms takes '{name}', which no node before it makes.")).ToArray();
        var input = inputs[0];
        _values[node.Output[0]] = node.OpType switch
        {
            "Identity" => input,
            "Cast" => Cast(node, input),
            "Imputer" => Keep(node, [Flat(input)], input.ElementType, [input.Width]),
            "Scaler" => Keep(node, [Flat(input)], TensorTypes.Single, [input.Width]),
            "LabelEncoder" => Keep(node, [input], LabelType(node), input.Lengths),
            "OneHotEncoder" => Keep(node, [Flat(input)], TensorTypes.Single, [input.Width, Ints(node, "cats_int64s").Count]),
            "FeatureVectorizer" => Join(node, inputs),
            "ReduceSum" when input.Lengths is [_, int count] => Keep(node, [input], input.ElementType, [count]),
            _ => throw new NotSupportedException(
                $"ML.NET wrote the operator {node.OpType} ('{node.Name}') for the transforms before the autoencoder; none of the " +
                "supported ones has it."),
        };
    }

    private StockValue Cast(NodeProto node, StockValue input)
    {
        int type = (int)Attribute(node, "to").I;
        if (type == input.ElementType)
            return input;

        // A key is encoded as Int64, made unsigned, and turned back where a vector is made of it.
        if (type == TensorTypes.Int64 && _wholeNumberOf.TryGetValue(input.Name, out var whole))
            return whole;
        var cast = Keep(node, [input], type, input.Lengths);
        if (input.ElementType == TensorTypes.Int64
            && Graph.Node.Any(other => other.OpType == "LabelEncoder" && other.Output[0] == input.Name))
            _wholeNumberOf[cast.Name] = input;
        return cast;
    }

    private StockValue Join(NodeProto node, StockValue[] inputs)
    {
        var flat = Array.ConvertAll(inputs, Flat);
        if (!flat.All(value => s_joined.Contains(value.ElementType))
            || !flat.Select(value => (long)value.Width).SequenceEqual(Ints(node, "inputdimensions")))
            throw new InvalidDataException(
                $"The node '{node.Name}' (FeatureVectorizer) of the stock transforms joins " +
                $"{string.Join(", ", flat.Select(value => $"{value.Width} of the element type {value.ElementType}"))}; expected numbers, " +
                $"{string.Join(", ", Ints(node, "inputdimensions"))}. One of the transforms before it has not been written as what it is.");
        int width = flat.Sum(value => value.Width);
        return flat is [{ ElementType: TensorTypes.Single } only] ? only : Keep(node, flat, TensorTypes.Single, [width]);
    }

    /// <summary>The node as it is, between values with names of this graph.</summary>
    private StockValue Keep(NodeProto node, StockValue[] inputs, int elementType, int[] lengths)
    {
        var kept = node.Clone();
        kept.Name = Claim(_nodeNames, Folder + node.Name);
        kept.Input.Clear();
        kept.Input.Add(inputs.Select(value => value.Name));
        kept.Output[0] = Claim(_taken, Folder + node.Output[0]);
        Graph.Node.Add(kept);
        return Declare(new StockValue(kept.Output[0], elementType, lengths));
    }

    /// <summary>The value with one axis beside the rows, as ML.NET's vectors have.</summary>
    private StockValue Flat(StockValue value)
    {
        if (value.Lengths.Length == 1)
            return value;
        if (_flat.TryGetValue(value.Name, out var flat))
            return flat;
        string name = value.Name[Folder.Length..];
        string shape = Constant($"{name}/shape", [0, value.Width], 2);
        flat = Add("Reshape", $"{name}/vector", [value.Name, shape], value.ElementType, [value.Width]);
        _flat[value.Name] = flat;
        return flat;
    }

    private StockValue Declare(StockValue value)
    {
        Graph.ValueInfo.Add(value.ToProto(""));
        return value;
    }

    /// <summary>A name that no other value, or node, has: with as many underscores as that takes.</summary>
    private static string Claim(HashSet<string> taken, string name)
    {
        while (!taken.Add(name))
            name += "_";
        return name;
    }

    private static int LabelType(NodeProto node) => node.Attribute.Any(attribute => attribute.Name == "values_int64s")
        ? TensorTypes.Int64
        : throw new NotSupportedException(
            $"The LabelEncoder '{node.Name}' of the stock transforms makes no whole numbers; the supported transforms have none of that " +
            "kind.");

    private static IList<long> Ints(NodeProto node, string name) => Attribute(node, name).Ints;

    private static AttributeProto Attribute(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name)
        ?? throw new InvalidDataException($"The node '{node.Name}' ({node.OpType}) of the stock transforms has no attribute '{name}'.");
}

/// <summary>A value of the stock transforms.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="ElementType">ONNX's number of its element type.</param>
/// <param name="Lengths">The lengths of its axes but the first, which counts rows.</param>
internal sealed record StockValue(string Name, int ElementType, int[] Lengths)
{
    /// <summary>The number of elements of a row.</summary>
    public int Width => Lengths.Aggregate(1, (product, length) => checked(product * length));

    public ValueInfoProto ToProto(string description) =>
        OnnxGraphBuilder.Value(Name, ElementType, OnnxGraphBuilder.BatchAxis, [.. Lengths], description);
}
