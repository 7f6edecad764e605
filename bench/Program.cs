using MLNetAutoencoder.Bench;
using MLNetAutoencoder.Bench.Accuracy;
using MLNetAutoencoder.Bench.Codes;
using MLNetAutoencoder.Bench.Convolution;
using MLNetAutoencoder.Bench.Detector;
using MLNetAutoencoder.Bench.Quantized;
using MLNetAutoencoder.Bench.Scoring;
using MLNetAutoencoder.Bench.Series;
using MLNetAutoencoder.Bench.Service;
using MLNetAutoencoder.Bench.Stacked;
using MLNetAutoencoder.Bench.Tool;
using MLNetAutoencoder.Bench.Training;

// A child of the benchmark 'scoring', not for people.
if (args.Length > 0 && args[0] == MemoryProbe.Command)
    return MemoryProbe.RunChild(args[1..]);

// They take a folder and options of their own.
if (args.Length > 0 && args[0] == "accuracy")
    return AccuracyBenchmark.Run(args[1..]);
if (args.Length > 0 && args[0] == "series")
    return SeriesBenchmark.Run(args[1..]);

Dictionary<string, Func<int>> benchmarks = new()
{
    ["codes"] = CodesBenchmark.Run,
    ["convolution"] = ConvolutionStudy.Run,
    ["cuda"] = CudaBenchmark.Run,
    ["detector"] = DetectorBenchmark.Run,
    ["quantized"] = QuantizedBenchmark.Run,
    ["service"] = ServiceBenchmark.Run,
    ["scoring"] = ScoringBenchmark.Run,
    ["stacked"] = StackedStudy.Run,
    ["tool"] = ToolBenchmark.Run,
    ["training"] = TrainingBenchmark.Run,
};

string[] names = args.Length > 0 ? args : [.. benchmarks.Keys];
if (names.FirstOrDefault(name => !benchmarks.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are: accuracy, series, {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

return names.Max(name => benchmarks[name]());
