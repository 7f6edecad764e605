using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Fuzzer;

/// <summary>
/// Runs a graph that nothing of this library reads, over three rows, and tells the types and shapes that ONNX Runtime
/// makes.
/// </summary>
internal static class NodeReader
{
    private const int Rows = 3;

    public static Verdict Read(byte[] file)
    {
        var feeds = new Dictionary<string, OrtValue>();
        try
        {
            using var options = new SessionOptions { IntraOpNumThreads = 1 };
            using var session = new InferenceSession(file, options);
            foreach (var (name, input) in session.InputMetadata)
                feeds.Add(name, Feed(input));
            using var run = new RunOptions();
            using var results = session.Run(run, feeds, [.. session.OutputMetadata.Keys]);
            return new Verdict(Outcome.Scored, string.Join(
                "; ", results.Select(result => result.GetTensorTypeAndShape())
                .Select(made => $"{(int)made.ElementDataType} [{string.Join(", ", made.Shape)}]")));
        }
        catch (OnnxRuntimeException e)
        {
            return new Verdict(Outcome.RefusedByRuntime, e.Message);
        }
        finally
        {
            foreach (var feed in feeds.Values)
                feed.Dispose();
        }
    }

    private static OrtValue Feed(NodeMetadata input)
    {
        int[] shape = Array.ConvertAll(input.Dimensions, length => length < 0 ? Rows : length);
        int count = shape.Aggregate(1, (product, length) => product * length);
        return input.ElementDataType switch
        {
            TensorElementType.Float => Of(i => i * 0.25f - 1),
            TensorElementType.UInt8 => Of(i => (byte)i),
            TensorElementType.Int8 => Of(i => (sbyte)i),
            TensorElementType.Int32 => Of(i => i % 3 - 1),
            TensorElementType.Int64 => Of(i => (long)(i % 3 - 1)),
            TensorElementType.Bool => Of(i => i % 2 == 0),
            _ => OrtValue.CreateFromStringTensor(new DenseTensor<string>(
                Enumerable.Range(0, count).Select(i => i % 2 == 0 ? "a" : "c").ToArray(), shape)),
        };

        OrtValue Of<T>(Func<int, T> value) where T : unmanaged =>
            OrtValue.CreateTensorValueFromMemory(Enumerable.Range(0, count).Select(value).ToArray(),
            Array.ConvertAll(shape, length => (long)length));
    }
}
