using Microsoft.ML.OnnxRuntime;

namespace MLNetAutoencoder.Onnx;

/// <summary>Opens sessions, and explains a missing or wrong native library of ONNX Runtime.</summary>
internal static class OnnxRuntimeLibrary
{
    public static InferenceSession OpenSession(byte[] model)
    {
        try
        {
            using var options = new SessionOptions();
            return new InferenceSession(model, options);
        }
        catch (Exception e) when (FindLoadFailure(e) is { } failure)
        {
            throw new InvalidOperationException(
                "ONNX Runtime's native library is missing or does not fit its managed half (1.29.0). This library references the managed half only; add the package "
                + "Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CPU and CUDA) of the same version to the application. "
                + $"The loader said: {failure.Message}", e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"ONNX Runtime refused the graph: {e.Message}", e);
        }
    }

    private static Exception? FindLoadFailure(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (e is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
                return e;
        }
        return null;
    }
}
