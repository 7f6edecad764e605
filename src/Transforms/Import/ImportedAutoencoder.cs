using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Makes a model of this library of an encoder and a decoder of another's.</summary>
internal static class ImportedAutoencoder
{
    /// <exception cref="ArgumentException">An option is out of its range or has another number of values than there are
    /// features.</exception>
    /// <exception cref="InvalidDataException">The two graphs do not fit together or cannot be run.</exception>
    public static AutoencoderModel Build(MLContext context, ImportOptions options, IDataView? calibration)
    {
        options.Validate();
        string column = options.FeatureColumnName;
        if (calibration is null && options.ProbabilityColumnName is not null)
            throw new ArgumentException(
                $"The option {nameof(options.ProbabilityColumnName)} is '{options.ProbabilityColumnName}', and there are no calibration " +
                "rows, whose scores the probability is about.", nameof(options));
        int d = Width("features", options.Encoder, options.Encoder.InputWidth, "takes", options.Decoder,
            options.Decoder.OutputWidth, "gives");
        int k = Width("code", options.Encoder, options.Encoder.OutputWidth, "gives", options.Decoder, options.Decoder.InputWidth, "takes");

        string[]? slots = calibration is null ? null
            : AutoencoderColumns.FeatureNames(AutoencoderColumns.FindInput(
            calibration.Schema, GraphNames.Features, column, d, nameof(calibration)));
        string[] names = [.. options.FeatureNames ?? slots ?? Enumerable.Range(0, d).Select(j => $"{column}[{j}]")];
        if (names.Length != d)
            throw new ArgumentException(
                $"The option {nameof(options.FeatureNames)} has {names.Length} names; expected {d}, one for each feature.",
                nameof(options));
        float[] offsets = ImportOptions.PerFeature(options.ScalingOffsets, nameof(options.ScalingOffsets), new float[d]);
        float[] scales = ImportOptions.PerFeature(
            options.ScalingScales, nameof(options.ScalingScales), [.. Enumerable.Repeat(1f, d)], positive: true);
        float[] means = ImportOptions.PerFeature(options.FeatureMeans, nameof(options.FeatureMeans),
            calibration is null ? offsets : Means(calibration, column, names));
        var metadata = new AutoencoderMetadata
        {
            Variant = AutoencoderMetadata.Imported,
            FeatureNames = names,
            CodeSize = k,
            Scaling = options.ScalingOffsets is null && options.ScalingScales is null ? "none" : "given",
            ScalingOffsets = offsets,
            ScalingScales = scales,
            FeatureMeans = means,
            Loss = options.Loss.ToKind(),
            MissingValues = options.MissingValues.ToPolicy(),
            Options = JsonSerializer.Serialize(new Dictionary<string, string>
            {
                ["encoder_input"] = options.Encoder.Input, ["encoder_output"] = options.Encoder.Output,
                    ["decoder_input"] = options.Decoder.Input, ["decoder_output"] = options.Decoder.Output,
            }),
            Seed = 0,
            ThreadCount = 0,
            Training = "{}",
            Columns = options.Columns(),
        };
        if (calibration is null && options.Threshold is { } rule)
            metadata = rule.AddTo(metadata);

        using var graph = new AutoencoderModel(ImportedScorerGraph.Build(options.Encoder, options.Decoder, metadata), "The graph");
        using (var model = AutoencoderTransformer.ForContext(context, graph, options.Scoring))
        {
            ImportedScorerGraph.TryOut(model, options.Encoder, options.Decoder);
            if (calibration is not null)
            {
                var statistics = AutoencoderTransformer.Score(context, model, metadata.Columns, calibration);
                metadata = statistics.AddTo(metadata, options.Threshold ?? ThresholdRule.Contamination(ImportOptions.DefaultContamination));
                metadata = metadata with { Training = JsonSerializer.Serialize(
                    new Dictionary<string, long> { ["calibration_rows"] = statistics.Count }) };
            }
        }
        return graph.WithMetadata(metadata, new OptionalScores(options.ProbabilityColumnName is not null, PValue: false));
    }

    /// <summary>A width that two graphs share, as far as they tell it.</summary>
    private static int Width(string of, ImportedGraph encoder, int encoderWidth, string encoderDoes, ImportedGraph decoder,
        int decoderWidth, string decoderDoes)
    {
        if (encoderWidth != 0 && decoderWidth != 0 && encoderWidth != decoderWidth)
            throw new InvalidDataException(
                $"{encoder} {encoderDoes} {encoderWidth} values of {of} for each row, {decoder} {decoderDoes} {decoderWidth}; expected " +
                "the same number.");
        int width = Math.Max(encoderWidth, decoderWidth);
        return width > 0 ? width : throw new InvalidDataException(
            $"{encoder} does not tell how many values of {of} it {encoderDoes} for each row, and neither does {decoder} how many it " +
            $"{decoderDoes}. Export one of them with a fixed length of the second axis.");
    }

    private static float[] Means(IDataView rows, string column, string[] names)
    {
        double[] means = new double[names.Length];
        float[] row = new float[names.Length];
        long count = 0;
        var features = rows.Schema[column];
        using var cursor = rows.GetRowCursor([features]);
        var read = ColumnReaders.Create(cursor, features);
        while (cursor.MoveNext())
        {
            read(row, cursor.Position);
            count++;
            for (int j = 0; j < row.Length; j++)
            {
                if (!float.IsFinite(row[j]))
                    throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
                        $"Calibration row {cursor.Position} (counted from 0) has {row[j]} in '{names[j]}'. Leave such rows out, for " +
                        $"example with FilterRowsByMissingValues."));
                means[j] += (row[j] - means[j]) / count;
            }
        }
        return count > 0 ? Array.ConvertAll(means, mean => (float)mean)
            : throw new InvalidOperationException("There are no calibration rows.");
    }
}
