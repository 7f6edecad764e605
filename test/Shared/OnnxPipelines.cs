using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace MLNetAutoencoder.Tests;

/// <summary>Runs ONNX graphs whose inputs are named after columns on the rows of a data view.</summary>
internal static class OnnxPipelines
{
    /// <summary>The values of every output that is no text, row after row; truth values as 0 and 1.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="batch">How many rows one run takes; the last takes what is left.</param>
    public static Dictionary<string, float[]> Run(byte[] model, IDataView rows, int batch)
    {
        using var session = new InferenceSession(model);
        var columns = session.InputMetadata.ToDictionary(input => input.Key, input => Read(rows, rows.Schema[input.Key]));
        int count = columns.Values.First().Rows;
        string[] outputs = [.. session.OutputMetadata.Where(output => output.Value.ElementType != typeof(string))
            .Select(output => output.Key)];
        var values = outputs.ToDictionary(output => output, _ => new List<float>());
        for (int start = 0; start < count; start += batch)
        {
            int size = Math.Min(batch, count - start);
            using var results = session.Run([.. columns.Select(column => column.Value.Take(column.Key, start, size))], outputs);
            foreach (var result in results)
            {
                float[] found = result.ElementType == TensorElementType.Bool
                    ? [.. result.AsEnumerable<bool>().Select(value => value ? 1f : 0)] : result.ElementType == TensorElementType.Int64 ? []
                    : [.. result.AsEnumerable<float>()];
                values[result.Name].AddRange(found);
            }
        }
        return values.ToDictionary(output => output.Key, output => output.Value.ToArray());
    }

    /// <summary>The outputs in Single of a graph with one input.</summary>
    /// <param name="model">The bytes of an ONNX file.</param>
    /// <param name="input">The input's name.</param>
    /// <param name="values">The rows, one after another.</param>
    /// <param name="width">How many values a row has.</param>
    public static Dictionary<string, float[]> Run(byte[] model, string input, float[] values, int width)
    {
        using var session = new InferenceSession(model);
        using var tensor = OrtValue.CreateTensorValueFromMemory(values, [values.Length / width, width]);
        string[] outputs = [.. session.OutputMetadata.Where(output => output.Value.ElementType == typeof(float))
            .Select(output => output.Key)];
        using var options = new RunOptions();
        using var results = session.Run(options, [input], [tensor], outputs);
        return outputs.Zip(results).ToDictionary(pair => pair.First, pair => pair.Second.GetTensorDataAsSpan<float>().ToArray());
    }

    /// <summary>One column as rows of values.</summary>
    private static (int Rows, Func<string, int, int, NamedOnnxValue> Take) Read(IDataView view, DataViewSchema.Column column)
    {
        var item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        return true switch
        {
            _ when item.RawType == typeof(float) => Read<float>(view, column),
            _ when item.RawType == typeof(double) => Read<double>(view, column),
            _ when item.RawType == typeof(int) => Read<int>(view, column),
            _ when item.RawType == typeof(long) => Read<long>(view, column),
            _ when item.RawType == typeof(uint) => Read<uint>(view, column),
            _ when item.RawType == typeof(bool) => Read<bool>(view, column),
            _ => Read<string>(view, column),
        };
    }

    private static (int Rows, Func<string, int, int, NamedOnnxValue> Take) Read<T>(IDataView view, DataViewSchema.Column column)
    {
        int width = column.Type is VectorDataViewType vector ? vector.Size : 1;
        T[] all = column.Type is VectorDataViewType ? [.. view.GetColumn<T[]>(column).SelectMany(row => row)]
            : [.. view.GetColumn<T>(column)];
        return (all.Length / width, (name, start, count) =>
            NamedOnnxValue.CreateFromTensor(name, new DenseTensor<T>(all.AsMemory(start * width, count * width), [count, width])));
    }
}
