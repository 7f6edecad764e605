using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// Runs a new session over three rows together and one by one: what cannot be run, makes other shapes than it declares, or
/// gives a row another result beside other rows, is found before the first result is given out.
/// </summary>
internal static class RowTrial
{
    private const int RowCount = 3;

    /// <summary>
    /// By how much a result may differ, relative to the largest of its kind but at least 1: kernels for one row sum in
    /// another order.
    /// </summary>
    private const double Tolerance = 1e-3;

    /// <exception cref="InvalidDataException">The session fails; the message says how.</exception>
    public static void Run(InferenceSession session, GraphProto graph, AutoencoderMetadata metadata, string source)
    {
        // Rounded values can fall to either side of a step; not twice.
        string? difference = Compare(session, graph, metadata, source, seed: 1);
        if (difference is not null && Compare(session, graph, metadata, source, seed: 2) is not null)
            throw new InvalidDataException(
                $"{source} gives a row another {difference} alone than beside other rows. Export the model in evaluation mode and with a " +
                "batch of any size.");
    }

    /// <summary>The name of an output that differs, or null where none does.</summary>
    private static string? Compare(InferenceSession session, GraphProto graph, AutoencoderMetadata metadata, string source, int seed)
    {
        var rows = Rows(graph, metadata, new Random(seed));
        var together = Run(session, graph, rows, 0, RowCount, source);
        for (int row = 0; row < RowCount; row++)
        {
            var alone = Run(session, graph, rows, row, 1, source);
            foreach (var (output, values) in alone)
            {
                double largest = together[output].Where(float.IsFinite).Select(Math.Abs).Append(1).Max();
                var beside = together[output].AsSpan(row * values.Length, values.Length);
                for (int i = 0; i < values.Length; i++)
                {
                    if (float.IsFinite(values[i]) != float.IsFinite(beside[i]) || Math.Abs(values[i] - beside[i]) > Tolerance * largest)
                        return output;
                }
            }
        }
        return null;
    }

    /// <summary>Rows around the mean of the training rows, for each input.</summary>
    private static Dictionary<string, float[]> Rows(GraphProto graph, AutoencoderMetadata metadata, Random random) =>
        graph.Input.ToDictionary(input => input.Name, input =>
        {
            int width = OnnxFile.WidthOf(input);
            float[] values = [.. Enumerable.Range(0, RowCount * width).Select(_ => 2 * random.NextSingle() - 1)];
            for (int i = 0; input.Name == GraphNames.Features && i < values.Length; i++)
                values[i] = metadata.FeatureMeans[i % width] + values[i] * metadata.ScalingScales[i % width];
            return values;
        }, StringComparer.Ordinal);

    /// <summary>The outputs of Single for some of the rows.</summary>
    private static Dictionary<string, float[]> Run(
        InferenceSession session, GraphProto graph, Dictionary<string, float[]> rows, int first, int count, string source)
    {
        string[] inputs = [.. rows.Keys], outputs = [.. graph.Output.Select(output => output.Name)];
        OrtValue[] values = Array.ConvertAll(inputs, input =>
        {
            int width = rows[input].Length / RowCount;
            return OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, rows[input].AsMemory(first * width, count * width),
                [count, width]);
        });
        try
        {
            using var options = new RunOptions();
            using var results = session.Run(options, inputs, values, outputs);
            var singles = new Dictionary<string, float[]>(StringComparer.Ordinal);
            foreach (var (output, result) in graph.Output.Zip(results))
            {
                var made = result.GetTensorTypeAndShape();
                if (!made.Shape.AsSpan().SequenceEqual([count, OnnxFile.WidthOf(output)]))
                    throw new InvalidDataException(
                        $"{source} makes of {count} rows '{output.Name}' of the shape [{string.Join(", ", made.Shape)}]; expected " +
                        $"[{count}, {OnnxFile.WidthOf(output)}], as it is declared.");
                if (made.ElementDataType == TensorElementType.Float)
                    singles.Add(output.Name, result.GetTensorDataAsSpan<float>().ToArray());
            }
            return singles;
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"{source} cannot be run by ONNX Runtime: {e.Message}", e);
        }
        finally
        {
            Array.ForEach(values, value => value.Dispose());
        }
    }
}
