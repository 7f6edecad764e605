using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Runs a graph over one row that stands in no data view.</summary>
internal static class SingleRow
{
    /// <summary>The runner with the row's outputs, in the order of their names. It is the caller's to dispose.</summary>
    public static BatchRunner Run(AutoencoderModel model, string[] outputs, ReadOnlySpan<float> features,
        ReadOnlySpan<float> condition, ReadOnlySpan<float> codeOffset)
    {
        string[] inputs = [.. model.Inputs];
        var runner = model.CreateRunner(inputs, outputs, capacity: 1);
        try
        {
            for (int i = 0; i < inputs.Length; i++)
                (inputs[i] switch { GraphNames.Condition => condition, GraphNames.CodeOffset => codeOffset, _ => features })
                    .CopyTo(runner.Input(i));
            runner.Run(1);
            return runner;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }
}
