using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class AutoencoderTransformer
{
    private const int CalibrationBatch = 256;
    private const string ScoreBefore = "mlnetautoencoder.score_before", ScoreAfter = "mlnetautoencoder.score_after";

    /// <summary>
    /// Writes encoder, decoder and scorer as ONNX files with smaller weights: all that are asked for, or none where one
    /// cannot be written or the scores of the calibration rows no longer come in nearly the same order. The threshold
    /// stays as it is.
    /// </summary>
    /// <param name="encoderPath">Where the encoder goes, features to code; null for nowhere.</param>
    /// <param name="decoderPath">Where the decoder goes, code to reconstruction; null for nowhere.</param>
    /// <param name="scorerPath">Where the scorer goes, features to score, decision, feature errors, reconstruction and
    /// code; null for nowhere.</param>
    /// <param name="calibration">Rows like those that will be scored, such as the training rows: with the columns that
    /// the model reads, and the label where one is named. They are read once, for
    /// <see cref="OnnxQuantization.StaticInt8"/> twice.</param>
    /// <param name="options">The form, and what else there is to choose.</param>
    /// <returns>What the smaller weights do to size and scores.</returns>
    /// <exception cref="InvalidOperationException">The rank correlation of the scores before and after is below
    /// <see cref="QuantizationOptions.LeastRankCorrelation"/>, or there is none; the report is in the exception's
    /// <see cref="Exception.Data"/> under the name of its type. Or the model is no whole autoencoder, or quantized
    /// already.</exception>
    /// <exception cref="ArgumentException">No path is given, one is empty, or two are the same; a column is missing or
    /// of a wrong type; too few of the rows have a score, or the labels are all of one kind.</exception>
    /// <exception cref="IOException">A file cannot be written; the message names it, and all files are as they were.</exception>
    public QuantizationReport ExportQuantizedOnnx(
        string? encoderPath, string? decoderPath, string? scorerPath, IDataView calibration, QuantizationOptions options)
    {
        if (encoderPath is null && decoderPath is null && scorerPath is null)
            throw new ArgumentException(
                "No path is given, so there is nothing to write. Give at least one of encoder, decoder and scorer a path.",
                nameof(scorerPath));
        using var model = new AutoencoderModel(ToQuantizedOnnx(calibration, options, out var report), "The quantized graph");
        using var quantized = new AutoencoderTransformer(Context, model);
        quantized.ExportOnnx(encoderPath, decoderPath, scorerPath);
        return report;
    }

    /// <summary>The scorer as an ONNX file with smaller weights, in memory; see <see cref="ExportQuantizedOnnx"/>.</summary>
    /// <param name="calibration">Rows like those that will be scored, such as the training rows.</param>
    /// <param name="options">The form, and what else there is to choose.</param>
    /// <param name="report">What the smaller weights do to size and scores.</param>
    /// <exception cref="InvalidOperationException">The rank correlation of the scores before and after is below
    /// <see cref="QuantizationOptions.LeastRankCorrelation"/>, or there is none; the report is in the exception's
    /// <see cref="Exception.Data"/> under the name of its type. Or the model is no whole autoencoder, or quantized
    /// already.</exception>
    /// <exception cref="ArgumentException">A column is missing or of a wrong type; too few of the rows have a score, or
    /// the labels are all of one kind.</exception>
    public byte[] ToQuantizedOnnx(IDataView calibration, QuantizationOptions options, out QuantizationReport report)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(options);
        byte[] before = Model.ToOnnx(OnnxGraph.Scorer);
        WithScore(Model, ScoreBefore).GetOutputSchema(calibration.Schema);
        DataViewSchema.Column? label = options.LabelColumnName is null ? null
            : CalibrationScores.FindLabel(calibration.Schema, options.LabelColumnName, nameof(calibration));

        using var ranges = options.Form == OnnxQuantization.StaticInt8
            ? Model.CreateActivationRanges(CalibrationBatch, options.RangeCoverage) : null;
        if (ranges is not null)
            RequireRows(AddRows(ranges, calibration), calibration);
        byte[] after = Model.QuantizedBytes(options.Form, ranges);
        using var quantized = new AutoencoderModel(after, "The quantized graph") { Scoring = Model.Scoring, Warn = Model.Warn };
        var scores = ReadScores(quantized, calibration, label);
        RequireRows(scores.Count, calibration);
        report = scores.Report(options.Form, Threshold, before.Length, after.Length, options.LabelColumnName);
        if (options.Force || report.RankCorrelation >= QuantizationOptions.LeastRankCorrelation)
            return after;
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"The rank correlation of the scores before and after is {report.RankCorrelation:F4}; expected at least " +
                $"{QuantizationOptions.LeastRankCorrelation}. {report} Nothing was written. Use a form that is closer to the model " +
                $"({OnnxQuantization.Int8Weights} or {OnnxQuantization.Float16}), calibrate on other or more rows, or set " +
                $"{nameof(QuantizationOptions)}.{nameof(QuantizationOptions.Force)}."))
        { Data = { [nameof(QuantizationReport)] = report } };
    }

    /// <summary>Reads the rows that ranges are found in.</summary>
    private long AddRows(ActivationRanges ranges, IDataView calibration)
    {
        DataViewSchema.Column[] columns = [.. InputColumns()
            .Select(pair => AutoencoderColumns.FindInput(
            calibration.Schema, pair.Key, pair.Value, Model.Width(pair.Key), nameof(calibration)))];
        using var cursor = calibration.GetRowCursor(columns);
        ColumnReader[] readers = Array.ConvertAll(columns, column => AutoencoderColumns.CreateReader(cursor, column, MissingKey.Report));
        int row = 0;
        while (cursor.MoveNext())
        {
            for (int i = 0; i < readers.Length; i++)
                readers[i](ranges.InputRow(i, row), cursor.Position);
            if (++row == ranges.Capacity)
            {
                ranges.Add(row);
                row = 0;
            }
        }
        if (row > 0)
            ranges.Add(row);
        return ranges.Rows;
    }

    private CalibrationScores ReadScores(AutoencoderModel quantized, IDataView calibration, DataViewSchema.Column? label)
    {
        var view = WithScore(Model, ScoreBefore).Transform(calibration);
        return new CalibrationScores(WithScore(quantized, ScoreAfter).Transform(view), ScoreBefore, ScoreAfter, label);
    }

    /// <summary>A graph that adds its score under a name and nothing else.</summary>
    private AutoencoderTransformer WithScore(AutoencoderModel model, string name) =>
        new(Context, model, InputColumns().Append(new(GraphNames.Score, name)).ToDictionary(StringComparer.Ordinal), topFeatures: null,
            ownsModel: false);

    /// <summary>The column that each input of the graph takes, in the order of the inputs.</summary>
    private IEnumerable<KeyValuePair<string, string>> InputColumns() =>
        Model.Inputs.Select(input => new KeyValuePair<string, string>(
            input, Columns.GetValueOrDefault(input, AutoencoderColumns.DefaultName(input))));

    private static void RequireRows(long rows, IDataView calibration)
    {
        if (rows < QuantizationOptions.LeastRows)
            throw new ArgumentException(
                $"The calibration data have {rows} rows that can be scored; expected at least {QuantizationOptions.LeastRows}.",
                nameof(calibration));
    }
}
