using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The model's options, and where the report was written.</summary>
internal static class EnvironmentSection
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    public static Section Of(Report report)
    {
        var metadata = report.Metadata;
        return new Section("environment", "Options and environment",
            Html.Element("div", Html.Class("pair"),
                Html.Element("div", Html.Table("The model", ["model", ""],
                [
                    ["kind", Html.Name(metadata.Variant)],
                    ["score", metadata.ScoreKind.Replace('_', ' ')],
                    ["threshold", Text.Number(metadata.Threshold)],
                    ["its rule", Html.Name(metadata.ThresholdRule)],
                    ["units of the code", Text.Count(metadata.CodeSize)],
                    ["scaling", metadata.Scaling],
                    ["loss", metadata.Loss.Replace('_', ' ')],
                    ["missing values", Words(metadata.MissingValues)],
                    ["weights", metadata.Quantization == QuantizationName.None ? "32 bits" : metadata.Quantization],
                    ["seed", metadata.Seed.ToString(CultureInfo.InvariantCulture)],
                    ["threads", Text.Count(metadata.ThreadCount)],
                    ["written by", $"MLNetAutoencoder {metadata.LibraryVersion}, format {metadata.FormatVersion}"],
                ], "facts")),
                Html.Element("div", Html.Table("The environment", ["this report", ""],
                [
                    ["written", DateTime.UtcNow.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)],
                    ["system", $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}"],
                    [".NET", RuntimeInformation.FrameworkDescription],
                    ["MLNetAutoencoder", AutoencoderMetadata.CurrentLibraryVersion],
                    ["ML.NET", PackageVersion.Of(typeof(MLContext))],
                    ["ONNX Runtime", PackageVersion.Of(typeof(InferenceSession))],
                    ["OxyPlot", PackageVersion.Of(typeof(OxyPlot.PlotModel))],
                    ["seed", report.Options.Seed.ToString(CultureInfo.InvariantCulture)],
                ], "facts"))),
            Html.Element("details", Html.Element("summary", "Options of the training"), Html.Element("pre", Indented(metadata.Options))));
    }

    private static string Words(string missingValues) => missingValues switch
    {
        MissingValuePolicy.NaN => "give no score",
        MissingValuePolicy.Error => "are refused",
        MissingValuePolicy.Mean => "become the mean of the training",
        MissingValuePolicy.Hidden => "are hidden from the network",
        _ => missingValues,
    };

    private static string Indented(string json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement, s_indented);
    }
}
