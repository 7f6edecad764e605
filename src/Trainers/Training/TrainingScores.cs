using System.Globalization;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>The training rows' scores and codes, as the finished graph gives them.</summary>
internal static class TrainingScores
{
    private const int BatchSize = 256;

    /// <summary>Takes the score of a row, NaN where a missing value leaves it none, and its code.</summary>
    public delegate void Take(float score, ReadOnlySpan<float> code);

    /// <summary>Takes what the graph gives a row: the outputs that were asked for.</summary>
    public delegate void TakeOutputs(ReadOnlySpan<float> record, ReadOnlySpan<float> first, ReadOnlySpan<float> second);

    /// <summary>Runs the scorer over the rows.</summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="take">Takes each row's score and code, in the order of the rows.</param>
    /// <exception cref="InvalidOperationException">A score is no number although no value is missing.</exception>
    public static void Compute(AutoencoderModel scorer, TrainingData rows, Take take)
    {
        long row = 0;
        Run(scorer, rows, GraphNames.Score, GraphNames.Code, (record, score, code) =>
        {
            if (!float.IsFinite(score[0]) && (!rows.HasMissing || IsComplete(record)))
                throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                    $"Training diverged in its last steps: the trained network scores training row {row} as {score[0]}. Use a " +
                    $"lower LearningRate, or another Scaling."));
            row++;
            take(score[0], code);
        });
    }

    /// <summary>Runs two outputs of the scorer over the rows.</summary>
    public static void Run(AutoencoderModel scorer, TrainingData rows, string first, string second, TakeOutputs take)
    {
        var layout = rows.Layout;
        (string Name, Range Range)[] inputs = [.. scorer.Inputs.Select(
            name => (name, name switch { GraphNames.Condition => layout.ConditionRange, GraphNames.CodeOffset => layout.OffsetRange, _ =>
            layout.FeatureRange }))];
        using var runner = scorer.CreateRunner([.. inputs.Select(input => input.Name)], [first, second],
            (int)Math.Min(BatchSize, rows.Count));
        using var pass = rows.Open();
        float[] records = new float[runner.Capacity * layout.Width];
        for (long start = 0; start < rows.Count; start += runner.Capacity)
        {
            int length = 0;
            while (length < runner.Capacity && pass.MoveNext())
            {
                var record = pass.Record;
                for (int i = 0; i < inputs.Length; i++)
                    record[inputs[i].Range].CopyTo(runner.InputRow(i, length));
                record.CopyTo(records.AsSpan(length++ * layout.Width));
            }
            runner.Run(length);
            for (int i = 0; i < length; i++)
                take(records.AsSpan(i * layout.Width, layout.Width), runner.OutputRow<float>(0, i), runner.OutputRow<float>(1, i));
        }

        // Beyond the last row: some sources are closed only by their own end.
        pass.MoveNext();
    }

    private static bool IsComplete(ReadOnlySpan<float> record)
    {
        foreach (float value in record)
        {
            if (!float.IsFinite(value))
                return false;
        }
        return true;
    }
}
