using Microsoft.ML;
using Microsoft.ML.OnnxRuntime;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Fuzzer;

/// <summary>Does with an ONNX file what an application may do: prints it, opens it, cuts it, scores three rows with each part.</summary>
internal static class GraphReader
{
    private const int Rows = 3;

    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly ScoringOptions s_scoring = new() { IntraOpThreads = 1 };

    public static Verdict Read(byte[] file)
    {
        InvalidDataException? unread = null;
        try
        {
            _ = AutoencoderOnnxInfo.Read(file, "The mutant").ToString();
        }
        catch (InvalidDataException e)
        {
            unread = e;
        }
        AutoencoderModel model;
        try
        {
            model = new AutoencoderModel(file, "The mutant") { Scoring = s_scoring };
        }
        catch (InvalidDataException e)
        {
            return new Verdict(Outcome.Refused, e.Message);
        }
        using (model)
            return unread is null ? Use(model) : new Verdict(Outcome.Failed, $"It can be opened and not be read: {unread.Message}");
    }

    private static Verdict Use(AutoencoderModel model)
    {
        // The predicted class as text is not among the outputs that a runner gives.
        string[] inputs = [.. model.Inputs], outputs = [.. model.Outputs.Where(output => output != GraphNames.PredictedLabel)];
        bool hasEncoder = inputs.Contains(GraphNames.Features) && outputs.Contains(GraphNames.Code),
            hasDecoder = outputs.Contains(GraphNames.Reconstruction)
            && (inputs.Contains(GraphNames.Code) || outputs.Contains(GraphNames.Code));
        try
        {
            Score(model, inputs, outputs);
            if (hasEncoder)
            {
                Score(model, inputs, [GraphNames.Code]);
                using var encoder = new AutoencoderModel(model.ToOnnx(OnnxGraph.Encoder), "The encoder");
            }
            if (hasDecoder)
            {
                Score(model, [GraphNames.Code, .. inputs.Where(input => input == GraphNames.Condition)], [GraphNames.Reconstruction]);
                using var decoder = new AutoencoderModel(model.ToOnnx(OnnxGraph.Decoder), "The decoder");
            }
        }
        catch (Exception e) when (IsRuntimes(e))
        {
            return new Verdict(Outcome.RefusedByRuntime, e.Message);
        }
        catch (NotSupportedException e)
        {
            // A changed opset from which an operator cannot be brought to that of the export.
            return new Verdict(Outcome.Scored, e.Message);
        }
        if (hasDecoder && model.Metadata.ClassNames.Count == 0)
        {
            using var transformer = s_ml.Autoencoders().FromModel(model, s_scoring);
            try
            {
                _ = transformer.Generator.Sample(Rows, seed: 1, condition: new float[model.Metadata.ConditionSize]);
            }
            catch (InvalidOperationException e) when (
                e.Message.Contains("metadata", StringComparison.Ordinal) || e.Message.Contains("mixture", StringComparison.Ordinal))
            {
                return new Verdict(Outcome.Scored, e.Message);
            }
        }
        return new Verdict(Outcome.Scored);
    }

    /// <summary>Whether it is what is documented where a session cannot be made or fails its trial, or ONNX Runtime fails in it.</summary>
    public static bool IsRuntimes(Exception e) => e is InvalidDataException
        || (e is InvalidOperationException && e.InnerException is OnnxRuntimeException);

    /// <summary>Scores rows, first whole ones and then some with missing values, which have a session of their own.</summary>
    private static void Score(AutoencoderModel model, string[] inputs, string[] outputs)
    {
        using var runner = model.CreateRunner(inputs, outputs, Rows);
        for (int i = 0; i < inputs.Length; i++)
        {
            var values = runner.Input(i);
            for (int j = 0; j < values.Length; j++)
                values[j] = j % 7 * 0.25f - 0.5f;
        }
        runner.Run(Rows);
        runner.Input(0)[0] = float.NaN;
        runner.Input(0)[^1] = float.PositiveInfinity;
        runner.Run(Rows);
    }
}
