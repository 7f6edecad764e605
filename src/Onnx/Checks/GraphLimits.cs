namespace MLNetAutoencoder.Onnx;

/// <summary>
/// What a graph may have at most. Far above what this library writes, and low enough that a hostile file can ask for
/// neither endless memory nor endless time.
/// </summary>
internal static class GraphLimits
{
    /// <summary>The longest file: what protobuf, and with it the ONNX format, can hold.</summary>
    public const long MostBytes = int.MaxValue;

    /// <summary>The most nodes, and the most initializers, of a graph of this library.</summary>
    public const int MostNodes = 20_000;

    /// <summary>The most nodes, and the most initializers, of a graph of any origin.</summary>
    public const int MostImportedNodes = 1_000_000;

    public const int MostNameLength = 4_096;
    public const int MostTextLength = 1 << 20;
    public const int MostRank = 8;

    /// <summary>The longest axis.</summary>
    public const long MostLength = int.MaxValue;

    /// <summary>The most elements that a node makes for one row: 64 MiB of Singles.</summary>
    public const long MostElements = 1L << 24;

    /// <summary>The most elements that all nodes together make for one row.</summary>
    public const long MostElementsOfRow = 1L << 27;

    /// <summary>The most elements that nodes make of constants alone, such as weights that were stored as bytes.</summary>
    public const long MostConstantElements = 1L << 29;

    /// <summary>The most multiplications that all nodes together do for one row: a second or so of one core.</summary>
    public const long MostOperations = 1L << 34;

    /// <summary>The oldest operator set of this library's files.</summary>
    public const long LeastOpset = 12;

    /// <summary>The newest operator set of this library's files.</summary>
    public const long MostOpset = 21;

    /// <summary>The oldest version of ONNX's intermediate representation in this library's files: that of ML.NET's own export.</summary>
    public const long LeastIrVersion = 6;

    /// <summary>
    /// The newest version of ONNX's intermediate representation in this library's files: that of
    /// <see cref="MostOpset"/>.
    /// </summary>
    public const long MostIrVersion = 10;

    /// <summary>The domain of ONNX-ML's operators, and the versions of it in this library's files.</summary>
    public const string MlDomain = "ai.onnx.ml";

    public const long LeastMlOpset = 1;
    public const long MostMlOpset = 5;
}
