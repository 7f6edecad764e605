namespace MLNetAutoencoder.Onnx;

/// <summary>What an ONNX file tells of one input or output of its graph.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">The type of the elements, such as <c>Single</c> or <c>Boolean</c>; what is no tensor has its kind here.</param>
/// <param name="Shape">The axes: a number, the name of an axis whose length is open, such as <c>batch</c>, or a
/// question mark; null where the file does not tell.</param>
/// <param name="Description">The doc string; empty where there is none.</param>
public sealed record OnnxValueInfo(string Name, string Type, IReadOnlyList<string>? Shape, string Description)
{
    /// <summary>Name, type and shape, such as <c>features: Single [batch, 30]</c>.</summary>
    public override string ToString() => $"{Name}: {TypeAndShape}";

    internal string TypeAndShape => $"{Type}{(Shape is null ? "" : $" [{string.Join(", ", Shape)}]")}";
}
