using MLNetAutoencoder.Bench;
using MLNetAutoencoder.Bench.Torch;

Dictionary<string, Func<int>> benchmarks = new()
{
    ["torch"] = TorchBenchmark.Run,
};

string[] names = args.Length > 0 ? args : [.. benchmarks.Keys];
if (names.FirstOrDefault(name => !benchmarks.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no benchmark '{unknown}'; there are: {string.Join(", ", benchmarks.Keys)}.");
    return 2;
}

Console.WriteLine($"Packages supplied by: {Report.Supplier}");
return names.Max(name => benchmarks[name]());
