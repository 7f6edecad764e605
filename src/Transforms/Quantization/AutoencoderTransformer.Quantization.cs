using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

public sealed partial class AutoencoderTransformer
{
    private const int CalibrationBatch = 256;
    private const string Before = "mlnetautoencoder.before.", After = "mlnetautoencoder.after.", Label = "mlnetautoencoder.label";

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
    /// <see cref="OnnxQuantization.StaticInt8"/> once more, and with a label twice more.</param>
    /// <param name="options">The form, and what else there is to choose.</param>
    /// <returns>What the smaller weights do to size and scores.</returns>
    /// <exception cref="InvalidOperationException">The rank correlation of the scores before and after is below
    /// <see cref="QuantizationOptions.LeastRankCorrelation"/>, or there is none; the report is in the exception's
    /// <see cref="Exception.Data"/> under the name of its type. Or the model is no whole autoencoder, or quantized
    /// already.</exception>
    /// <exception cref="ArgumentException">No path is given, one is empty, or two are the same; a column is missing or
    /// of a wrong type; too few of the rows have a score.</exception>
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
    /// <exception cref="ArgumentException">A column is missing or of a wrong type; too few of the rows have a score.</exception>
    public byte[] ToQuantizedOnnx(IDataView calibration, QuantizationOptions options, out QuantizationReport report)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        ArgumentNullException.ThrowIfNull(options);
        byte[] before = Model.ToOnnx(OnnxGraph.Scorer);
        WithScore(Model, Before).GetOutputSchema(calibration.Schema);
        if (options.LabelColumnName is { } label)
            CheckLabel(calibration.Schema, label, nameof(calibration));

        using var ranges = options.Form == OnnxQuantization.StaticInt8 ? Model.CreateActivationRanges(CalibrationBatch) : null;
        if (ranges is not null)
            RequireRows(AddRows(ranges, calibration), calibration);
        byte[] after = Model.QuantizedBytes(options.Form, ranges);
        using var quantized = new AutoencoderModel(after, "The quantized graph") { Scoring = Model.Scoring, Warn = Model.Warn };
        var scored = WithScore(quantized, After).Transform(WithScore(Model, Before).Transform(calibration));
        Calibrated[] rows = [.. Context.Data.CreateEnumerable<Calibrated>(scored, reuseRowObject: false)
            .Where(row => !float.IsNaN(row.ScoreBefore))];
        RequireRows(rows.Length, calibration);
        report = new QuantizationReport
        {
            Form = options.Form,
            BytesBefore = before.Length,
            BytesAfter = after.Length,
            Rows = rows.Length,

            // A score that is lost counts as an anomaly, as the decision in the graph has it.
            RankCorrelation = Ranks.Correlation(Array.ConvertAll(rows, row => row.ScoreBefore),
                Array.ConvertAll(rows, row => float.IsNaN(row.ScoreAfter) ? float.PositiveInfinity : row.ScoreAfter)),
            ChangedDecisions = rows.Count(row => row.DecisionBefore != row.DecisionAfter) / (double)rows.Length,
            AreaUnderRocCurveBefore = Area(Before),
            AreaUnderRocCurveAfter = Area(After),
        };
        if (options.Force || report.RankCorrelation >= QuantizationOptions.LeastRankCorrelation)
            return after;
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture,
            $"The rank correlation of the scores before and after is {report.RankCorrelation:F4}; expected at least " +
                $"{QuantizationOptions.LeastRankCorrelation}. {report} Nothing was written. Use a form that is closer to the model " +
                $"({OnnxQuantization.Int8Weights} or {OnnxQuantization.Float16}), calibrate on other or more rows, or set " +
                $"{nameof(QuantizationOptions)}.{nameof(QuantizationOptions.Force)}."))
        { Data = { [nameof(QuantizationReport)] = report } };

        double? Area(string side) => options.LabelColumnName is null ? null : Context.AnomalyDetection.Evaluate(
            Context.Transforms.Conversion.ConvertType(Label, options.LabelColumnName, DataKind.Single).Fit(scored).Transform(scored),
            Label, side + GraphNames.Score, side + GraphNames.IsAnomaly).AreaUnderRocCurve;
    }

    /// <summary>Reads the rows that ranges are found in.</summary>
    private long AddRows(ActivationRanges ranges, IDataView calibration)
    {
        DataViewSchema.Column[] columns = [.. InputColumns()
            .Select(pair => AutoencoderColumns.FindInput(
            calibration.Schema, pair.Key, pair.Value, Model.Width(pair.Key), nameof(calibration)))];
        using var cursor = calibration.GetRowCursor(columns);
        ColumnReader[] readers = Array.ConvertAll(columns, column => ColumnReaders.Create(cursor, column, MissingKey.Report));
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

    /// <summary>A graph that adds its score and decision under names that start with one of the sides, and nothing else.</summary>
    private AutoencoderTransformer WithScore(AutoencoderModel model, string side)
    {
        string[] outputs = [GraphNames.Score, GraphNames.IsAnomaly];
        return new(Context, model, InputColumns().Concat(outputs.Select(output => KeyValuePair.Create(output, side + output)))
            .ToDictionary(StringComparer.Ordinal), topFeatures: null, ownsModel: false);
    }

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

    private static void CheckLabel(DataViewSchema schema, string name, string parameter)
    {
        var column = AutoencoderColumns.Find(schema, name, parameter);
        if (column.Type is not BooleanDataViewType && column.Type != NumberDataViewType.Single)
            throw new ArgumentOutOfRangeException(
                parameter, $"The label column '{name}' is {column.Type}; expected Boolean, or Single that is above 0 for an anomaly.");
    }

    /// <summary>What the two graphs make of a calibration row.</summary>
    private sealed class Calibrated
    {
        [ColumnName(Before + GraphNames.Score)]
        public float ScoreBefore { get; set; }

        [ColumnName(After + GraphNames.Score)]
        public float ScoreAfter { get; set; }

        [ColumnName(Before + GraphNames.IsAnomaly)]
        public bool DecisionBefore { get; set; }

        [ColumnName(After + GraphNames.IsAnomaly)]
        public bool DecisionAfter { get; set; }
    }
}
