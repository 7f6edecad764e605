using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Bench.Scoring;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Quantized;

/// <summary>The large dense model with smaller weights: size, scores and speed of each form against those of float32.</summary>
/// <remarks>
/// Both sides of a ratio are cursors of this library that read the score, with one intra-op thread and the same
/// batches; see <see cref="Duel"/> for how they take turns.
/// </remarks>
internal static class QuantizedBenchmark
{
    private const int BlockRows = 1024;

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        var digits = new LargeDigits(seed: 1);
        var training = digits.Training(ml);
        var heldOut = digits.HeldOut(ml);
        using var model = ml.Autoencoders().Dense(new AutoencoderEstimator.Options
        {
            Network = new DenseNetworkOptions { Hidden = [128] },
            Code = new CodeOptions { Size = 64 },
            Epochs = 20,
            Seed = 1,
        }).Fit(training);
        Console.WriteLine(
            "quantized: large is 784-128-64-128-784, 20 epochs on digits without nines, calibrated on its training rows; the nines " +
            "among the rows held out count as anomalies");
        Console.WriteLine();

        Form[] forms = [.. Enum.GetValues<OnnxQuantization>().Select(quantization => new Form(ml, model, training, quantization))];
        PrintScores(ml, model, heldOut, forms);
        Console.WriteLine();
        Duel.PrintHead();
        var block = digits.Block(BlockRows);
        Array.ForEach(forms, form => form.Rate = Rate(model, form, block, batch: null));
        Array.ForEach(forms, form => Rate(model, form, block, batch: 1));

        Form[] integers = [.. forms.Where(form => form.Quantization != OnnxQuantization.Float16)];
        var (largest, fastest) = (integers.MaxBy(form => form.SizeRatio)!, integers.MaxBy(form => form.Rate)!);
        Console.WriteLine();
        Console.WriteLine(
            $"int8-size is that of the largest int8 form, {largest.Quantization}; int8-rate that of the fastest, {fastest.Quantization}.");
        Report.Ratio("quantized.int8-size", largest.SizeRatio);
        Report.Ratio("quantized.int8-rate", fastest.Rate);
        Array.ForEach(forms, form => form.Dispose());
        return 0;
    }

    private static void PrintScores(MLContext ml, AutoencoderTransformer model, IDataView heldOut, Form[] forms)
    {
        Console.WriteLine($"{"on calibration rows",-16}{"bytes",10}{"of float32",12}{"rank corr.",12}{"changed",10}{"AUC held out",14}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{"Float32",-16}{forms[0].Report.BytesBefore,10:N0}{1,12:F3}{1,12:F5}{0,10:P2}{Area(ml, model, heldOut),14:F4}"));
        foreach (var form in forms)
        {
            var report = form.Report;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{form.Quantization,-16}{report.BytesAfter,10:N0}{form.SizeRatio,12:F3}{report.RankCorrelation,12:F5}" +
                $"{report.ChangedDecisions,10:P2}{Area(ml, form.Model, heldOut),14:F4}"));
        }
    }

    private static double Rate(AutoencoderTransformer model, Form form, RowBlock block, int? batch)
    {
        var scoring = new ScoringOptions { IntraOpThreads = 1, BatchSize = batch };
        using AutoencoderTransformer before = model.WithScoring(scoring), after = form.Model.WithScoring(scoring);
        using Scoring.ColumnReader first = Open(after, block), second = Open(before, block);
        return Duel.Measure($"{form.Quantization}, {(batch is null ? "batches" : "row by row")}",
            new Side(form.Quantization.ToString(), first.Read), new Side("Float32", second.Read), sameSum: false);
    }

    private static Scoring.ColumnReader Open(AutoencoderTransformer model, RowBlock block) =>
        new(model.Transform(new BlockView(block, AutoencoderColumns.Features, long.MaxValue)), AutoencoderColumns.Score);

    private static double Area(MLContext ml, AutoencoderTransformer model, IDataView rows) =>
        ml.AnomalyDetection.Evaluate(model.Transform(rows)).AreaUnderRocCurve;

    /// <summary>A model in one form, and what its export said.</summary>
    private sealed class Form : IDisposable
    {
        public Form(MLContext ml, AutoencoderTransformer model, IDataView calibration, OnnxQuantization quantization)
        {
            Quantization = quantization;
            Model = ml.Autoencoders()
                .FromModel(new AutoencoderModel(model.ToQuantizedOnnx(
                calibration, new QuantizationOptions { Form = quantization }, out var report), $"The graph as {quantization}"));
            Report = report;
        }

        public OnnxQuantization Quantization { get; }

        public AutoencoderTransformer Model { get; }

        public QuantizationReport Report { get; }

        public double SizeRatio => (double)Report.BytesAfter / Report.BytesBefore;

        /// <summary>Rows a second over those of float32, in batches.</summary>
        public double Rate { get; set; }

        public void Dispose() => Model.Dispose();
    }
}
