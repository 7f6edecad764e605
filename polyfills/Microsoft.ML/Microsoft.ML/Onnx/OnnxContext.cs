using Microsoft.ML.Data;

namespace Microsoft.ML.Model.OnnxConverter;

/// <summary>A view that is one step of a pipeline: a way back to what it was made of.</summary>
internal interface IDataTransform : IDataView
{
    IDataView Source { get; }
}

/// <summary>Something that can write itself into an ONNX graph.</summary>
internal interface ISaveAsOnnx
{
    bool CanSaveOnnx { get; }

    void SaveAsOnnx(OnnxContext context);
}

/// <summary>An ONNX graph that transformers write themselves into, and which of its variables stands for which column so far.</summary>
internal sealed class OnnxContext
{
    private readonly Dictionary<string, string> _columns = [];
    private readonly HashSet<string> _variables = [];
    private readonly HashSet<string> _nodeNames = [];

    internal List<OnnxValue> Inputs { get; } = [];

    internal List<OnnxValue> Outputs { get; } = [];

    internal List<OnnxValue> Intermediates { get; } = [];

    internal List<OnnxNode> Nodes { get; } = [];

    /// <summary>Constants: a text each, of shape [1, 1].</summary>
    internal List<(string Name, string Text)> Texts { get; } = [];

    internal bool ContainsColumn(string column) => _columns.ContainsKey(column);

    internal string VariableOf(string column) => _columns.GetValueOrDefault(column);

    internal void AddInput(DataViewType type, string column) => Inputs.Add(new OnnxValue(AddVariable(column), type));

    internal void AddOutput(DataViewType type, string variable) => Outputs.Add(new OnnxValue(variable, type));

    /// <summary>A new variable that stands for a column from now on; without a type it is declared nowhere.</summary>
    internal string AddIntermediate(DataViewType type, string column)
    {
        string variable = AddVariable(column);
        if (type is not null)
            Intermediates.Add(new OnnxValue(variable, type));
        return variable;
    }

    internal string AddText(string name, string text)
    {
        string variable = AddVariable(name);
        Texts.Add((variable, text));
        return variable;
    }

    /// <summary>Forgets a column, and with <paramref name="andVariable"/> the variable that was declared for it.</summary>
    internal void RemoveColumn(string column, bool andVariable)
    {
        if (andVariable)
            Intermediates.RemoveAll(value => value.Name == _columns[column]);
        _columns.Remove(column);
    }

    internal long[] ShapeOf(string variable) => Inputs.Concat(Intermediates).First(value => value.Name == variable).Dimensions;

    /// <summary>Adds a node under its operator's name, with a number where that is taken.</summary>
    internal OnnxNode AddNode(string operation, string domain, string[] inputs, string output) => AddNode(operation, domain, inputs, output, operation);

    internal OnnxNode AddNode(string operation, string domain, string[] inputs, string output, string name)
    {
        name = Unique(name, _nodeNames);
        _nodeNames.Add(name);
        var node = new OnnxNode(operation, domain, name, inputs, output);
        Nodes.Add(node);
        return node;
    }

    internal void AddCast(string input, string output, Type type) => AddNode("Cast", OnnxNode.Standard, [input], output).Attribute("to", (long)OnnxValue.ElementOf(type));

    private string AddVariable(string column)
    {
        string variable = Unique(column, _variables);
        _variables.Add(variable);
        _columns[column] = variable;
        return variable;
    }

    private static string Unique(string name, HashSet<string> taken)
    {
        if (!taken.Contains(name))
            return name;
        int number = 0;
        while (taken.Contains(name + number))
            number++;
        return name + number;
    }
}

/// <summary>A node with its attributes in the order given.</summary>
internal sealed class OnnxNode(string operation, string domain, string name, string[] inputs, string output)
{
    internal const string Standard = "", MachineLearning = "ai.onnx.ml";

    internal string Operation => operation;

    internal string Domain => domain;

    internal string Name => name;

    internal string[] Inputs => inputs;

    internal string Output => output;

    /// <summary>Values are Int64, Single, String, or arrays of these.</summary>
    internal List<(string Name, object Value)> Attributes { get; } = [];

    internal OnnxNode Attribute(string attribute, object value)
    {
        Attributes.Add((attribute, value));
        return this;
    }
}

/// <summary>A variable of a graph with the type of its column. The first axis counts rows, and is declared as -1.</summary>
internal sealed record OnnxValue(string Name, DataViewType Type)
{
    internal int Element => ElementOf(Type.ItemOf().RawType);

    internal long[] Dimensions => Type.ValueCount() <= 1 ? [-1, 1] : [-1, .. ((VectorDataViewType)Type).Dimensions];

    /// <summary>Whether the second axis has a name ("None") instead of a length.</summary>
    internal bool IsVariable => Type.ValueCount() == 0;

    // TensorProto.DataType
    internal static int ElementOf(Type raw) => true switch
    {
        _ when raw == typeof(float) => 1,
        _ when raw == typeof(byte) => 2,
        _ when raw == typeof(sbyte) => 3,
        _ when raw == typeof(ushort) => 4,
        _ when raw == typeof(short) => 5,
        _ when raw == typeof(int) => 6,
        _ when raw == typeof(long) => 7,
        _ when raw == typeof(ReadOnlyMemory<char>) => 8,
        _ when raw == typeof(bool) => 9,
        _ when raw == typeof(double) => 11,
        _ when raw == typeof(uint) => 12,
        _ when raw == typeof(ulong) => 13,
        _ => throw new InvalidOperationException($"Unsupported type: {raw}"),
    };
}
