using Microsoft.ML.Transforms.Onnx;

namespace Microsoft.ML;

/// <summary>Runs ONNX models in pipelines.</summary>
public static class OnnxCatalog
{
    public static OnnxScoringEstimator ApplyOnnxModel(
        this TransformsCatalog catalog, string modelFile, int? gpuDeviceId = null, bool fallbackToCpu = false) =>
        Apply(catalog, new OnnxOptions { ModelFile = modelFile, GpuDeviceId = gpuDeviceId, FallbackToCpu = fallbackToCpu });

    public static OnnxScoringEstimator ApplyOnnxModel(
        this TransformsCatalog catalog, Stream modelBytes, int? gpuDeviceId = null, bool fallbackToCpu = false) =>
        Apply(catalog, new OnnxOptions { GpuDeviceId = gpuDeviceId, FallbackToCpu = fallbackToCpu }, modelBytes);

    public static OnnxScoringEstimator ApplyOnnxModel(
        this TransformsCatalog catalog,
        string outputColumnName,
        string inputColumnName,
        string modelFile,
        int? gpuDeviceId = null,
        bool fallbackToCpu = false) =>
        catalog.ApplyOnnxModel([outputColumnName], [inputColumnName], modelFile, gpuDeviceId, fallbackToCpu);

    public static OnnxScoringEstimator ApplyOnnxModel(
        this TransformsCatalog catalog,
        string[] outputColumnNames,
        string[] inputColumnNames,
        string modelFile,
        int? gpuDeviceId = null,
        bool fallbackToCpu = false) =>
        Apply(catalog, new OnnxOptions
        {
            OutputColumns = outputColumnNames,
            InputColumns = inputColumnNames,
            ModelFile = modelFile,
            GpuDeviceId = gpuDeviceId,
            FallbackToCpu = fallbackToCpu,
        });

    // With the package, a call that names no recursion limit is ambiguous.
    public static OnnxScoringEstimator ApplyOnnxModel(
        this TransformsCatalog catalog,
        string[] outputColumnNames,
        string[] inputColumnNames,
        string modelFile,
        IDictionary<string, int[]> shapeDictionary,
        int? gpuDeviceId = null,
        bool fallbackToCpu = false,
        int recursionLimit = 100) =>
        Apply(catalog, new OnnxOptions
        {
            OutputColumns = outputColumnNames,
            InputColumns = inputColumnNames,
            ModelFile = modelFile,
            ShapeDictionary = shapeDictionary,
            GpuDeviceId = gpuDeviceId,
            FallbackToCpu = fallbackToCpu,
            RecursionLimit = recursionLimit,
        });

    public static OnnxScoringEstimator ApplyOnnxModel(this TransformsCatalog catalog, OnnxOptions options) => Apply(catalog, options);

    // Without a device of its own a call takes both settings from the context, whatever its own fallback says.
    private static OnnxScoringEstimator Apply(TransformsCatalog catalog, OnnxOptions options, Stream modelBytes = null)
    {
        IHostEnvironmentInternal env = catalog.Environment;
        bool fromContext = options.GpuDeviceId is null && env.GpuDeviceId is not null;
        OnnxDevice device = fromContext ? new(env.GpuDeviceId, env.FallbackToCpu) : new(options.GpuDeviceId, options.FallbackToCpu);
        return new OnnxScoringEstimator(env, new OnnxTransformer(env, options, device, modelBytes));
    }
}
