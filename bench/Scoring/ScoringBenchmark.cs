using System.Globalization;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Bench.Scoring;

/// <summary>The transformer's cursors and prediction engine against a hand-written loop over ONNX Runtime, and against ML.NET's own OnnxTransformer.</summary>
internal static class ScoringBenchmark
{
    public const int SmallBlockRows = 8192;

    private const int LargeBlockRows = 2048, PredictionRows = 256;

    private static readonly int[] s_batches = [32, 64, 128, 256, 512, 1024];

    public static int Run()
    {
        var ml = new MLContext(seed: 1);
        using var large = BenchModel.Dense(ml, "large", 784, 128, 64, LargeBlockRows);
        using var small = BenchModel.Dense(ml, "small", 30, 16, 4, SmallBlockRows);
        using var heavy = BenchModel.HeavyDecoder(ml);
        Console.WriteLine($"scoring: large is {large.Shape}, small {small.Shape}, heavy decoder {heavy.Shape}; {Environment.ProcessorCount} processors");
        Console.WriteLine();

        List<(string Name, double? Value)> ratios = [];
        Duel.PrintHead();
        foreach (var model in new[] { large, small })
            foreach (var outputs in new[] { Outputs.Score, Outputs.All })
                ratios.Add(($"scoring.{model.Name}.{outputs.Name}-vs-onnxruntime", AgainstOnnxRuntime(model, outputs)));
        ratios.Add(("scoring.two-threads-vs-one", TwoThreads(large)));
        ratios.Add(("scoring.code-only-vs-all", CodeOnly(heavy)));

        using var prediction = new EngineLoop<LargeRow, ScoreOnly>(ml, large.Transformer, large.Block.First(PredictionRows), values => new LargeRow { Features = values }, score => score.Score);
        ratios.Add(("prediction.rate-vs-onnxruntime", PredictionRate(large, prediction)));
        using (var stock = new StockScorer(ml, large))
        {
            using var stockPrediction = new EngineLoop<LargeGraphRow, GraphScoreOnly>(ml, stock.Transformer, large.Block.First(PredictionRows), values => new LargeGraphRow { Features = values }, score => score.Score[0]);
            ratios.Add(("scoring.large.score-vs-stock", Report.IsPolyfilled ? null : AgainstStock(large, stock)));

            Console.WriteLine();
            double ours = Bytes("prediction engine", Allocations.PerRow(prediction.Read));
            double theirs = Bytes("prediction engine over OnnxTransformer", Allocations.PerRow(stockPrediction.Read));
            ratios.Add(("prediction.bytes-per-row", ours));
            ratios.Add(("prediction.bytes-vs-stock", Report.IsPolyfilled ? null : ours / theirs));
        }
        ratios.Add(("scoring.bytes-per-row", BytesPerRow(large, small)));
        ratios.Add(("scoring.memory-5m-vs-1m", Memory(small)));

        Console.WriteLine();
        foreach (var (name, value) in ratios)
        {
            if (value is { } number)
                Report.Ratio(name, number);
            else
                Report.PolyfillOnly(name);
        }
        return 0;
    }

    private static double AgainstOnnxRuntime(BenchModel model, Outputs outputs)
    {
        var loops = Array.ConvertAll(s_batches, batch => new OnnxRuntimeLoop(model, outputs, model.Block, batch));
        int batch = Duel.Fastest(loops, loop => loop.Side).Batch;
        foreach (var candidate in loops)
            candidate.Dispose();

        using var loop = new OnnxRuntimeLoop(model, outputs, model.Block, batch);
        using var reader = model.Open(outputs);
        return Duel.Measure($"{model.Name}, {outputs.Name}, against ONNX Runtime", new Side("cursor", reader.Read), loop.Side);
    }

    private static double TwoThreads(BenchModel model)
    {
        using var scored = model.Transformer.WithScoring(new ScoringOptions { IntraOpThreads = 1 });
        using ColumnReader alone = model.Open(scored, Outputs.Score), one = model.Open(scored, Outputs.Score), other = model.Open(scored, Outputs.Score);
        var two = new Side("two threads", rows =>
        {
            double sum = 0;
            var thread = new Thread(() => sum = other.Read(rows));
            thread.Start();
            double ownSum = one.Read(rows);
            thread.Join();
            return sum + ownSum;
        }) { Threads = 2 };
        return Duel.Measure($"{model.Name}, score, 1 intra-op thread", two, new Side("one thread", alone.Read), sameSum: false);
    }

    private static double CodeOnly(BenchModel model)
    {
        using ColumnReader code = model.Open(Outputs.Code), all = model.Open(Outputs.All);
        return Duel.Measure(model.Name, new Side("code", code.Read), new Side("all", all.Read), sameSum: false);
    }

    private static double PredictionRate(BenchModel model, EngineLoop<LargeRow, ScoreOnly> prediction)
    {
        using var loop = new OnnxRuntimeLoop(model, Outputs.Score, model.Block.First(PredictionRows), batch: 1);
        return Duel.Measure("large, score, one row at a time", new Side("PredictionEngine", prediction.Read), loop.Side);
    }

    private static double AgainstStock(BenchModel model, StockScorer stock)
    {
        using ColumnReader ours = model.Open(Outputs.Score), theirs = stock.Open();
        return Duel.Measure($"{model.Name}, score, against OnnxTransformer", new Side("cursor", ours.Read), new Side("OnnxTransformer", theirs.Read));
    }

    private static double BytesPerRow(params BenchModel[] models)
    {
        double largest = 0;
        foreach (var model in models)
            foreach (var outputs in new[] { Outputs.Score, Outputs.All })
            {
                using var reader = model.Open(outputs);
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
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"peak working set, small, all, 1 and 5 million rows: {first / 1e6:F1} MB ({one.Min() / 1e6:F1} - {one.Max() / 1e6:F1}) and {second / 1e6:F1} MB ({five.Min() / 1e6:F1} - {five.Max() / 1e6:F1})"));
            return second / first;
        }
        finally
        {
            File.Delete(file);
        }
    }
}
