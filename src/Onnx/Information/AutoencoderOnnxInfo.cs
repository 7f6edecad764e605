using System.Globalization;

namespace MLNetAutoencoder.Onnx;

/// <summary>All that an ONNX file tells of itself, without running it; <see cref="ToString"/> prints it.</summary>
/// <remarks>
/// Files of this library tell by their metadata (keys that start with <see cref="AutoencoderMetadata.Prefix"/>) what
/// they are of and how they were trained. Other ONNX files can be looked at too: they have a graph, inputs and outputs,
/// and perhaps metadata of their makers' own.
/// </remarks>
public sealed class AutoencoderOnnxInfo
{
    private AutoencoderOnnxInfo(ModelProto model, long byteCount, string source)
    {
        var graph = model.Graph;
        Source = source;
        ByteCount = byteCount;
        IrVersion = model.IrVersion;
        Opsets = model.OpsetImport.GroupBy(opset => opset.Domain.Length == 0 ? "ai.onnx" : opset.Domain, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last().Version, StringComparer.Ordinal);
        Producer = model.ProducerName;
        ProducerVersion = model.ProducerVersion;
        Description = model.DocString;
        GraphName = graph.Name;
        Inputs = [.. graph.Input.Select(Value)];
        Outputs = [.. graph.Output.Select(Value)];
        Operators = graph.Node.GroupBy(node => node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}",
            StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        InitializerCount = graph.Initializer.Count;
        var numbers = graph.Initializer.Where(tensor => tensor.DataType != TensorTypes.String)
            .Select(tensor => (tensor.DataType, Count: TensorCheck.Check(tensor, source))).ToArray();
        ParameterCount = numbers.Sum(tensor => tensor.Count);
        ParameterBytes = numbers.GroupBy(tensor => tensor.DataType)
            .Sum(group => (group.Sum(tensor => tensor.Count) * TensorTypes.BitsOf(group.Key) + 7) / 8);
        ParameterTypes = [.. numbers.GroupBy(tensor => tensor.DataType).OrderByDescending(group => group.Sum(tensor => tensor.Count))
            .Select(group => TensorTypes.NameOf(group.Key))];
        MetadataEntries = OnnxFile.GetMetadata(model);
        Metadata = AutoencoderMetadata.IsAutoencoder(MetadataEntries) ? AutoencoderMetadata.Read(MetadataEntries, source) : null;
    }

    /// <summary>Where the file came from, such as <c>The file 'scorer.onnx'</c>.</summary>
    public string Source { get; }

    /// <summary>The length of the file.</summary>
    public long ByteCount { get; }

    /// <summary>The version of ONNX's intermediate representation that the file is written in.</summary>
    public long IrVersion { get; }

    /// <summary>The versions of the operator sets that the graph uses, by domain; ONNX's own is <c>ai.onnx</c>.</summary>
    public IReadOnlyDictionary<string, long> Opsets { get; }

    /// <summary>The name of the program that wrote the file; empty where the file does not tell.</summary>
    public string Producer { get; }

    /// <summary>The version of the program that wrote the file; empty where the file does not tell.</summary>
    public string ProducerVersion { get; }

    /// <summary>The model's doc string; empty where there is none.</summary>
    public string Description { get; }

    /// <summary>The graph's name.</summary>
    public string GraphName { get; }

    /// <summary>Which graph of this library it is (<see cref="AutoencoderMetadata.Graph"/>); null for a file of others.</summary>
    public string? Graph => Metadata?.Graph;

    /// <summary>The graph's inputs.</summary>
    public IReadOnlyList<OnnxValueInfo> Inputs { get; }

    /// <summary>The graph's outputs.</summary>
    public IReadOnlyList<OnnxValueInfo> Outputs { get; }

    /// <summary>The operators in alphabetical order, each with the number of its nodes; of other domains than ONNX's with these.</summary>
    public IReadOnlyDictionary<string, int> Operators { get; }

    /// <summary>The number of initializers: weights and other constants.</summary>
    public int InitializerCount { get; }

    /// <summary>How many numbers the initializers hold.</summary>
    public long ParameterCount { get; }

    /// <summary>How many bytes these numbers take.</summary>
    public long ParameterBytes { get; }

    /// <summary>The types of these numbers, such as <c>Single</c>; the most frequent first.</summary>
    public IReadOnlyList<string> ParameterTypes { get; }

    /// <summary>The file's metadata as they stand there.</summary>
    public IReadOnlyDictionary<string, string> MetadataEntries { get; }

    /// <summary>The metadata of this library; null for a file of others.</summary>
    public AutoencoderMetadata? Metadata { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file's path.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX file, does not hold what it says it holds, or names
    /// other files; or it is one of this library, of a newer major format version or with metadata that cannot be
    /// read.</exception>
    public static AutoencoderOnnxInfo Read(string path) => Read(Require.File(path, "an ONNX file", "ONNX file"), $"The file '{path}'");

    /// <summary>Reads the content of a file.</summary>
    /// <param name="bytes">The content.</param>
    /// <param name="source">Where it came from, for messages and for <see cref="ToString"/>, such as <c>The file 'scorer.onnx'</c>.</param>
    /// <exception cref="InvalidDataException">As <see cref="Read(string)"/>.</exception>
    public static AutoencoderOnnxInfo Read(byte[] bytes, string source)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentException.ThrowIfNullOrEmpty(source);
        var model = OnnxFile.Parse(bytes, source, onlyKnown: true);
        GraphCheck.Structure(model, source);
        return new AutoencoderOnnxInfo(model, bytes.Length, source);
    }

    /// <summary>Everything in a form for people: versions, graph, inputs, outputs and metadata, long lists shortened.</summary>
    public override string ToString() => OnnxInfoText.Of(this);

    private static OnnxValueInfo Value(ValueInfoProto value)
    {
        var tensor = value.Type?.TensorType;
        string type = tensor is not null ? TensorTypes.NameOf(tensor.ElemType)
            : value.Type is { ValueCase: not TypeProto.ValueOneofCase.None } other ? $"{other.ValueCase}" : "unknown";
        var shape = tensor?.Shape?.Dim.Select(axis => axis.ValueCase switch
        {
            TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => axis.DimValue.ToString(CultureInfo.InvariantCulture),
            TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam => axis.DimParam,
            _ => "?",
        });
        return new OnnxValueInfo(value.Name, type, shape?.ToArray(), value.DocString);
    }
}
