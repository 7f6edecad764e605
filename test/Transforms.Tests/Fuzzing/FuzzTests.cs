using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Thousands of changed files, read in a process of their own: whatever a file holds, it is refused by a documented
/// exception or scores, and never crashes, hangs or takes memory without end.
/// </summary>
[TestClass]
public sealed class FuzzTests
{
    // Set to try others: MLNETAUTOENCODER_FUZZ_SEED, _COUNT and _NODES, _FIRST to begin at a mutant that failed,
    // _REASONS for a file that tells what became of each.
    private static readonly int s_seed = Setting("SEED", 1), s_count = Setting("COUNT", 5_200), s_nodeCount = Setting("NODES", 5_000),
        s_first = Setting("FIRST", 0);

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Whatever_a_file_holds_it_is_refused_as_documented_or_scores()
    {
        var clock = Stopwatch.StartNew();
        var mutants = new Mutants(s_seed);
        var made = clock.Elapsed;
        var verdicts = new ConcurrentBag<(int Number, int Kind, string Outcome, string Reason)>();
        var failures = new ConcurrentBag<string>();
        var processes = new[] { new FuzzProcess(), new FuzzProcess() };
        try
        {
            // The files themselves are read, or the mutants would prove nothing.
            foreach (var (kind, name, file) in mutants.Originals)
            {
                var (outcome, reason) = processes[0].Read(kind, file);
                Assert.AreEqual("Scored", outcome, $"{name}: {reason}");
            }
            var (firstKind, _, first) = mutants.Originals.First();
            processes[1].Read(firstKind, first);

            int next = s_first;
            Task.WaitAll([.. processes.Select(process => Task.Run(() =>
            {
                for (int number; (number = Interlocked.Increment(ref next) - 1) < s_first + s_count;)
                {
                    var (kind, of, file) = mutants.Make(number);
                    var (outcome, reason) = process.Read(kind, file);
                    verdicts.Add((number, kind, outcome, reason));
                    if (outcome is not ("Scored" or "Refused" or "RefusedByRuntime" or "DoesNotFit" or "OutOfMemory"))
                        failures.Add(
                            $"seed {s_seed}, mutant {number} ({of}): {outcome}: {reason}{Environment.NewLine}  kept as " +
                            $"{Keep(number, kind, file)}");
                }
            }))], TestContext.CancellationToken);
            Print(verdicts, processes, made, clock.Elapsed);
        }
        finally
        {
            Array.ForEach(processes, process => process.Dispose());
        }
        Assert.HasCount(s_count, verdicts);
        if (!failures.IsEmpty)
            Assert.Fail($"{failures.Count} mutants failed:{Environment.NewLine}{string.Join(Environment.NewLine, failures.Take(20))}");
    }

    [TestMethod]
    public void What_the_rules_of_operators_let_through_ONNX_Runtime_makes_as_they_say()
    {
        var mutants = new NodeMutants(s_seed);
        var failures = new ConcurrentBag<string>();
        int next = s_first, ran = 0, refused = 0;
        var processes = new[] { new FuzzProcess(), new FuzzProcess() };
        try
        {
            Task.WaitAll([.. processes.Select(process => Task.Run(() =>
            {
                for (int number; (number = Interlocked.Increment(ref next) - 1) < s_first + s_nodeCount;)
                {
                    if (mutants.Make(number) is not var (file, text, expected))
                        continue;
                    var (outcome, reason) = process.Read(kind: 2, file);
                    Interlocked.Increment(ref ran);
                    if (outcome == "RefusedByRuntime")
                        Interlocked.Increment(ref refused);
                    else if (outcome != "Scored" || reason != expected)
                        failures.Add($"seed {s_seed}, node {number} ({text}): {outcome}: {reason}; expected {expected}");
                }
            }))], TestContext.CancellationToken);
        }
        finally
        {
            Array.ForEach(processes, process => process.Dispose());
        }
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"nodes: {s_nodeCount} mutants of seed {s_seed}; {100.0 * ran / s_nodeCount:F1} % pass the rules ({ran}); of these ONNX " +
            $"Runtime refuses {100.0 * refused / Math.Max(1, ran):F1} % ({refused}); processes started: " +
            $"{processes.Sum(process => process.Starts)}"));
        Assert.IsGreaterThan(0, ran - refused);
        if (!failures.IsEmpty)
            Assert.Fail($"{failures.Count} nodes failed:{Environment.NewLine}{string.Join(Environment.NewLine, failures.Take(20))}");
    }

    private void Print(IReadOnlyCollection<(int Number, int Kind, string Outcome, string Reason)> verdicts, FuzzProcess[] processes,
        TimeSpan made, TimeSpan whole)
    {
        foreach (var kind in verdicts.GroupBy(verdict => verdict.Kind).OrderBy(kind => kind.Key))
        {
            var outcomes = kind.CountBy(verdict => verdict.Outcome).ToDictionary();
            int count = kind.Count(), refused = outcomes.GetValueOrDefault("Refused"), passed = count - refused,
                byRuntime = outcomes.GetValueOrDefault("RefusedByRuntime");
            TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(kind.Key == 0 ? "graphs" : "models of ML.NET")}: {count} mutants of seed {s_seed}; {100.0 * passed / count:F1} % " +
                $"pass validation ({passed}); of these ONNX Runtime refuses {100.0 * byRuntime / Math.Max(1, passed):F1} % ({byRuntime})")
                + $"; {string.Join(", ", outcomes.OrderBy(outcome => outcome.Key, StringComparer.Ordinal).Select(outcome => $"{outcome.Key} {outcome.Value}"))}");
        }
        TestContext.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{whole.TotalSeconds:F0} s, {made.TotalSeconds:F0} s of them for the originals; processes started: " +
            $"{processes.Sum(process => process.Starts)}; most memory of one: " +
            $"{processes.Max(process => process.PeakBytes) / 1_048_576.0:F0} MiB"));
        if (Environment.GetEnvironmentVariable("MLNETAUTOENCODER_FUZZ_REASONS") is { Length: > 0 } path)
            File.WriteAllLines(path, verdicts.OrderBy(verdict => verdict.Number)
                .Select(verdict => $"{verdict.Number}\t{verdict.Kind}\t{verdict.Outcome}\t{verdict.Reason}"));
    }

    /// <summary>Keeps a mutant that failed, to be looked at.</summary>
    private static string Keep(int number, int kind, byte[] file)
    {
        string folder = Path.Combine(Repository.Root, "artifacts", "fuzz");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, $"seed{s_seed}-mutant{number}.{(kind == 0 ? "onnx" : "zip")}");
        File.WriteAllBytes(path, file);
        return path;
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable($"MLNETAUTOENCODER_FUZZ_{name}"), NumberStyles.None, CultureInfo.InvariantCulture,
            out int value) ? value : otherwise;
}
