using System.Globalization;
using Microsoft.ML;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>
/// The transformer's cursors and prediction engine against a hand-written loop over ONNX Runtime, and against ML.NET's
/// own OnnxTransformer.
/// </summary>
/// <remarks>
/// The ratios are taken with one intra-op thread on every side. With more, ONNX Runtime's threads wait for each other
/// in a loop, and where another process takes one of the cores for a moment, a run takes twice as long: the same
/// figures with all cores stand in the table, but on a machine that does other things they are no measure of either
/// side.
/// </remarks>
internal static class ScoringBenchmark
{
    public const int SmallBlockRows = 8192;

    private const int LargeBlockRows = 2048, PredictionRows = 256;

    private static readonly int[] s_batches = [32, 64, 128, 256, 512, 1024, 2048];

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        using var large = BenchModel.Dense(ml, "large", 784, 128, 64, LargeBlockRows);
        using var small = BenchModel.Dense(ml, "small", 30, 16, 4, SmallBlockRows);
        using var heavy = BenchModel.HeavyDecoder(ml);
        Console.WriteLine(
            $"scoring: large is {large.Shape}, small {small.Shape}, heavy decoder {heavy.Shape}; {Environment.ProcessorCount} processors");
        Console.WriteLine();

        List<(string Name, double Value)> ratios = [];
        Duel.PrintHead();
        foreach (var model in new[] { large, small })
            foreach (var outputs in new[] { Outputs.Score, Outputs.All })
            {
                ratios.Add(($"scoring.{model.Name}.{outputs.Name}-vs-onnxruntime", AgainstOnnxRuntime(model, outputs, threads: 1)));
                AgainstOnnxRuntime(model, outputs, threads: null);
            }
        ratios.Add(("scoring.two-threads-vs-one", TwoThreads(large)));
        ratios.Add(("scoring.code-only-vs-all", CodeOnly(heavy)));
        ratios.Add(("prediction.rate-vs-onnxruntime", PredictionRate(ml, large)));
        double againstStock = AgainstStock(ml, large, threads: 1);
        AgainstStock(ml, large, threads: null);
        ratios.Add(("scoring.large.score-vs-stock", againstStock));

        Console.WriteLine();
        var (ours, stocks) = PredictionBytes(ml, large);
        ratios.Add(("prediction.bytes-per-row", ours));
        ratios.Add(("prediction.bytes-vs-stock", ours / stocks));
        ratios.Add(("scoring.bytes-per-row", BytesPerRow(large, small)));
        ratios.Add(("scoring.memory-5m-vs-1m", Memory(small)));

        Console.WriteLine();
        foreach (var (name, value) in ratios)
            Report.Ratio(name, value);
        return 0;
    }

    private static double AgainstOnnxRuntime(BenchModel model, Outputs outputs, int? threads)
    {
        var loops = Array.ConvertAll(s_batches, batch => new OnnxRuntimeLoop(model, outputs, model.Block, batch, threads));
        int batch = Duel.Fastest(loops, loop => loop.Side).Batch;
        foreach (var candidate in loops)
            candidate.Dispose();

        using var loop = new OnnxRuntimeLoop(model, outputs, model.Block, batch, threads);
        using var reader = model.Open(outputs, threads);
        return Duel.Measure($"{model.Name}, {outputs.Name}, {Describe(threads)}", new Side("cursor", reader.Read), loop.Side);
    }

    private static double TwoThreads(BenchModel model)
    {
        using ColumnReader alone = model.Open(Outputs.Score, threads: 1), one = model.Open(Outputs.Score, threads: 1),
            other = model.Open(Outputs.Score, threads: 1);
        var two = new Side("two cursors", rows =>
        {
            double sum = 0;
            var thread = new Thread(() => sum = other.Read(rows));
            thread.Start();
            double ownSum = one.Read(rows);
            thread.Join();
            return sum + ownSum;
        }) { Threads = 2 };
        return Duel.Measure($"{model.Name}, score, a thread for each cursor", two, new Side("one cursor", alone.Read), sameSum: false);
    }

    private static double CodeOnly(BenchModel model)
    {
        using ColumnReader code = model.Open(Outputs.Code, threads: 1), all = model.Open(Outputs.All, threads: 1);
        return Duel.Measure($"{model.Name}, {Describe(1)}", new Side("code", code.Read), new Side("all", all.Read), sameSum: false);
    }

    private static double PredictionRate(MLContext ml, BenchModel model)
    {
        using var prediction = Engine(ml, model);
        using var loop = new OnnxRuntimeLoop(model, Outputs.Score, model.Block.First(PredictionRows), batch: 1, threads: 1);
        return Duel.Measure($"{model.Name}, score, row by row, {Describe(1)}", new Side("PredictionEngine", prediction.Read), loop.Side);
    }

    private static double AgainstStock(MLContext ml, BenchModel model, int? threads)
    {
        using var stock = new StockScorer(ml, model, threads);
        using ColumnReader ours = model.Open(Outputs.Score, threads), theirs = stock.Open();
        return Duel.Measure($"{model.Name}, score, {Describe(threads)}", new Side("cursor", ours.Read),
            new Side("OnnxTransformer", theirs.Read), secondsPerTurn: 0.5);
    }

    private static (double Ours, double Stock) PredictionBytes(MLContext ml, BenchModel model)
    {
        using var prediction = Engine(ml, model);
        using var stock = new StockScorer(ml, model, threads: 1);
        using var stockPrediction = new EngineLoop<LargeGraphRow, GraphScoreOnly>(
            ml, stock.Transformer, model.Block.First(PredictionRows), values => new LargeGraphRow { Features = values }, score =>
                score.Score[0]);
        return (Bytes("prediction engine", Allocations.PerRow(prediction.Read)),
            Bytes("prediction engine over OnnxTransformer", Allocations.PerRow(stockPrediction.Read)));
    }

    private static EngineLoop<LargeRow, ScoreOnly> Engine(MLContext ml, BenchModel model) =>
        new(ml, model.Transformer(threads: 1), model.Block.First(PredictionRows), values => new LargeRow { Features = values }, score =>
            score.Score);

    private static double BytesPerRow(params BenchModel[] models)
    {
        double largest = 0;
        foreach (var model in models)
            foreach (var outputs in new[] { Outputs.Score, Outputs.All })
            {
                using var reader = model.Open(outputs, threads: 1);
                largest = Math.Max(largest, Bytes($"{model.Name}, {outputs.Name}", Allocations.PerRow(reader.Read)));
            }
        return largest;
    }

    private static double Bytes(string what, double bytes)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"managed bytes per row, {what,-44}{bytes,10:F1}"));
        return bytes;
    }

    private static double Memory(BenchModel model)
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, model.Scorer);
            List<double> one = [], five = [];
            for (int round = 0; round < 5; round++)
            {
                one.Add(MemoryProbe.PeakWorkingSet(file, 1_000_000));
                five.Add(MemoryProbe.PeakWorkingSet(file, 5_000_000));
            }
            double first = Report.Median(one), second = Report.Median(five);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"peak working set, small, all, 1 and 5 million rows: {first / 1e6:F1} MB ({one.Min() / 1e6:F1} - {one.Max() / 1e6:F1}) " +
                $"and {second / 1e6:F1} MB ({five.Min() / 1e6:F1} - {five.Max() / 1e6:F1})"));
            return second / first;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Describe(int? threads) => threads is { } count ? $"{count} intra-op thread{(count > 1 ? "s" : "")}" : "all cores";
}
