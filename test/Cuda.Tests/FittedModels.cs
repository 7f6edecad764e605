using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Cuda;

/// <summary>A saved model of every variant. With a folder that has them all, nothing is trained, and libtorch is not needed.</summary>
[TestClass]
public sealed class FittedModels
{
    /// <summary>Names the folder. A model that it lacks is fitted and written there. Without it, all go to a temporary folder.</summary>
    private const string Variable = "MLNETAUTOENCODER_CUDA_MODELS";

    private static readonly string? s_kept = Environment.GetEnvironmentVariable(Variable);
    private static readonly Lazy<string> s_folder = new(() => string.IsNullOrEmpty(s_kept)
        ? Directory.CreateTempSubdirectory("mlnetautoencoder-cuda-").FullName
        : Directory.CreateDirectory(s_kept).FullName);

    /// <summary>The model file of a variant.</summary>
    public static string FileOf(string variant)
    {
        string path = Path.Combine(s_folder.Value, $"{variant.Replace(' ', '-').Replace(",", "", StringComparison.Ordinal)}.zip");
        if (!File.Exists(path))
        {
            // Under another name first: a run that is ended here leaves no half file for the next.
            new MLContext(seed: 1).Model.Save(EveryVariant.Fitted(variant), EveryVariant.Rows(1).Schema, path + ".part");
            File.Move(path + ".part", path);
        }
        return path;
    }

    /// <summary>The model of a variant, opened anew.</summary>
    public static AutoencoderTransformer Load(string variant, ScoringOptions? scoring = null, MLContext? ml = null) =>
        (AutoencoderTransformer)(ml ?? new MLContext(seed: 1)).Autoencoders().Load(FileOf(variant), out _, scoring);

    [AssemblyCleanup]
    public static void DeleteTemporary()
    {
        if (string.IsNullOrEmpty(s_kept) && s_folder.IsValueCreated)
            Directory.Delete(s_folder.Value, recursive: true);
    }
}
