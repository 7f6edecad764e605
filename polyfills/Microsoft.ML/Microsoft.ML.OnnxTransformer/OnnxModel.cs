using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.Transforms.Onnx;

/// <summary>An open session over a file, and what is known of its inputs and outputs.</summary>
internal sealed class OnnxModel : IDisposable
{
    private readonly FileStream _file;

    internal OnnxModel(IHostEnvironmentInternal env, string path, OnnxOptions options, OnnxDevice device, bool ownsFile)
    {
        Session = Open(env.GetOnnxSessionOption(), path, options, device);
        try
        {
            Graph = new OnnxGraphInfo(File.ReadAllBytes(path));
            // The file stays open as long as the session, and a file of our own goes with it.
            _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 4096, ownsFile ? FileOptions.DeleteOnClose : FileOptions.None);
            Inputs = Variables(Session.InputMetadata, options.ShapeDictionary);
            Outputs = Variables(Session.OutputMetadata, options.ShapeDictionary);
        }
        catch
        {
            Session.Dispose();
            throw;
        }
    }

    internal string Path => _file.Name;

    internal InferenceSession Session { get; }

    internal OnnxGraphInfo Graph { get; }

    internal OnnxVariable[] Inputs { get; }

    internal OnnxVariable[] Outputs { get; }

    public void Dispose()
    {
        Session.Dispose();
        _file.Dispose();
    }

    internal OnnxVariable Input(string name) => Find(Inputs, name, "Input", "input");

    internal OnnxVariable Output(string name) => Find(Outputs, name, "Ouput", "output");

    // The package puts the message in the place of the parameter's name here.
    private static OnnxVariable Find(OnnxVariable[] variables, string name, string kind, string kinds) =>
        Array.Find(variables, variable => variable.Name == name) ?? throw new ArgumentOutOfRangeException(
            $"{kind} tensor, {name}, does not exist in the ONNX model. Available {kinds} names are [{string.Join(",", variables.Select(v => v.Name))}].",
            name,
            nameof(name));

    // Only what ONNX Runtime itself reports is caught: a native library without CUDA has no such entry point, and says so otherwise.
    private static InferenceSession Open(OnnxSessionOptions contexts, string path, OnnxOptions options, OnnxDevice device)
    {
        if (contexts?.CreateSessionOptions is { } create)
            return new InferenceSession(path, create());
        if (device.GpuDeviceId is not int gpu)
            return new InferenceSession(path, Configure(new SessionOptions(), options));
        try
        {
            return new InferenceSession(path, Configure(SessionOptions.MakeSessionOptionWithCudaProvider(gpu), options));
        }
        catch (OnnxRuntimeException) when (device.FallbackToCpu)
        {
            return new InferenceSession(path, Configure(new SessionOptions(), options));
        }
    }

    private static SessionOptions Configure(SessionOptions session, OnnxOptions options)
    {
        session.InterOpNumThreads = options.InterOpNumThreads ?? 0;
        session.IntraOpNumThreads = options.IntraOpNumThreads ?? 0;
        return session;
    }

    private OnnxVariable[] Variables(IReadOnlyDictionary<string, NodeMetadata> nodes, IDictionary<string, int[]> shapes) =>
        [.. nodes.Where(node => !IsUnused(node.Key)).Select(node => Variable(node.Key, node.Value, shapes))];

    private OnnxVariable Variable(string name, NodeMetadata node, IDictionary<string, int[]> shapes)
    {
        DataViewType type = Graph.TypeOf(name);
        int[] declared = node.Dimensions;
        if (shapes is null || !shapes.TryGetValue(name, out int[] shape))
            return new OnnxVariable(name, declared, type);

        bool fits = shape.Length == declared.Length && shape.Zip(declared).All(pair => pair.First == pair.Second || pair.First <= 0 || pair.Second <= 0);
        if (!fits)
        {
            throw new ArgumentOutOfRangeException(
                $"The specified shape {string.Join(",", shape)} is not compatible with the shape {string.Join(",", declared)} loaded from the ONNX model "
                + "file. Only unknown dimension can replace or be replaced by another dimension.",
                shape,
                "shapeDictionary");
        }

        if (type is VectorDataViewType vector)
            type = Array.TrueForAll(shape, size => size > 0) ? new VectorDataViewType(vector.ItemType, shape) : new VectorDataViewType(vector.ItemType);
        return new OnnxVariable(name, shape, type);
    }

    // ML.NET's own export adds these where a graph would have none.
    private static bool IsUnused(string name) => name.StartsWith("mlnet.", StringComparison.Ordinal)
        && (name.EndsWith(".unusedInput", StringComparison.Ordinal) || name.EndsWith(".unusedOutput", StringComparison.Ordinal));
}

/// <summary>An input or output: its shape with unknown axes below 1, and the type of its column.</summary>
internal sealed record OnnxVariable(string Name, int[] Shape, DataViewType Type);
