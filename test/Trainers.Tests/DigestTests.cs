using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Not committed: prints a digest of everything a model of each kind gives, to compare before and after moves.</summary>
[TestClass]
public sealed class DigestTests
{
    [TestMethod]
    public void Write()
    {
        string path = Environment.GetEnvironmentVariable("DIGESTS") ?? throw new InvalidOperationException("DIGESTS");
        using var to = new StreamWriter(path);
        foreach (string name in EveryVariant.Names)
        {
            var ml = new MLContext(seed: 1);
            var options = EveryVariant.Options(name);
            options.Epochs = 3;
            (options.CodeColumnName, options.ReconstructionColumnName, options.FeatureErrorsColumnName, options.ProbabilityColumnName) = (
                "Code", "Reconstruction", "FeatureErrors", "Probability");
            options.CodeLogVarianceColumnName = options.Code.Variational is null ? null : "CodeLogVariance";
            using var model = ml.Autoencoders().Autoencoder(options).Fit(EveryVariant.Rows(300));
            string folder = Directory.CreateTempSubdirectory().FullName;
            try
            {
                string weights = Path.Combine(folder, "w.safetensors");
                model.ExportTorchWeights(weights);
                var tensors = SafeTensors.ReadFile(weights).Tensors.Select(t => string.Join('x', t.Shape) + ":" + Hash(t.Values.Span))
                    .Order(StringComparer.Ordinal);
                to.WriteLine($"{name} | weights | {Hash(string.Join(',', tensors))}");
                var scored = model.Transform(EveryVariant.Rows(100));
                foreach (string column in new[] { "PredictedLabel", "Score", "Probability", "Code", "CodeLogVariance", "Reconstruction",
                    "FeatureErrors" })
                {
                    if (scored.Schema.GetColumnOrNull(column) is { } found)
                        to.WriteLine($"{name} | column {column} | {Hash(Values(scored, found))}");
                }
                to.WriteLine($"{name} | threshold | {model.Threshold.ToString("R", CultureInfo.InvariantCulture)}");
                string[] files = ["encoder.onnx", "decoder.onnx", "scorer.onnx"];
                model.ExportOnnx(Path.Combine(folder, files[0]), Path.Combine(folder, files[1]), Path.Combine(folder, files[2]));
                foreach (string file in files)
                {
                    using var session = new InferenceSession(Path.Combine(folder, file));
                    var random = new Random(5);
                    var inputs = session.InputMetadata.OrderBy(i => i.Key, StringComparer.Ordinal).Select(i =>
                    {
                        int width = i.Value.Dimensions[^1];
                        float[] values = [.. Enumerable.Range(0, 7 * width).Select(_ => (float)random.NextDouble())];
                        return NamedOnnxValue.CreateFromTensor(i.Key, new DenseTensor<float>(values, [7, width]));
                    }).ToList();
                    using var outputs = session.Run(inputs);
                    foreach (var output in outputs.OrderBy(o => o.Name, StringComparer.Ordinal))
                    {
                        float[] values = output.Value is Tensor<bool> b ? [.. b.ToArray().Select(x => x ? 1f : 0f)]
                            : output.AsTensor<float>().ToArray();
                        to.WriteLine($"{name} | {file} {output.Name} | {Hash(values)}");
                    }
                }
            }
            finally
            {
                Directory.Delete(folder, true);
            }
        }
    }

    private static float[] Values(IDataView view, DataViewSchema.Column column)
    {
        List<float> all = [];
        using var cursor = view.GetRowCursor([column]);
        if (column.Type is VectorDataViewType)
        {
            var getter = cursor.GetGetter<VBuffer<float>>(column);
            VBuffer<float> value = default;
            while (cursor.MoveNext())
            {
                getter(ref value);
                all.AddRange(value.DenseValues());
            }
        }
        else if (column.Type == BooleanDataViewType.Instance)
        {
            var getter = cursor.GetGetter<bool>(column);
            bool value = false;
            while (cursor.MoveNext())
            {
                getter(ref value);
                all.Add(value ? 1 : 0);
            }
        }
        else
        {
            var getter = cursor.GetGetter<float>(column);
            float value = 0;
            while (cursor.MoveNext())
            {
                getter(ref value);
                all.Add(value);
            }
        }
        return [.. all];
    }

    private static string Hash(ReadOnlySpan<float> values) => Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(values)))[..16];

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..16];
}
