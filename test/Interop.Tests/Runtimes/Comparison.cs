using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>Whether a runtime gave what was expected of it, and how far off it was at most.</summary>
internal sealed class Comparison
{
    private readonly List<string> _wrong = [];
    private int _files, _numbers;
    private double _largest;

    /// <summary>What was not as expected, a line each.</summary>
    public IReadOnlyList<string> Wrong => _wrong;

    /// <summary>Compares all runs of a file.</summary>
    public void Add(ExportedFile file, ToolResult result)
    {
        _files++;
        if (result.Error is not null)
            _wrong.Add($"{file.Name}: {result.Error}");
        else if (result.Runs.Count != file.Runs.Count)
            _wrong.Add($"{file.Name}: {result.Runs.Count} runs in the place of {file.Runs.Count}");
        foreach (var (expected, actual) in file.Runs.Zip(result.Runs))
            Add(file, expected, actual);
    }

    /// <summary>
    /// How much was compared, and the largest finite difference, relative to the larger of 1 and the expected number's
    /// magnitude.
    /// </summary>
    public override string ToString() => $"{_files} files, {_numbers} values, largest difference {_largest:E1}";

    private void Add(ExportedFile file, ExpectedRun expected, IReadOnlyList<NamedArray> actual)
    {
        float[]? scores = file.Metadata is null ? null : actual.SingleOrDefault(array => array.Name == GraphNames.Score)?.Values as float[];
        foreach (var output in expected.Outputs)
        {
            string of = $"{file.Name}, {expected.Inputs[0].Shape[0]} rows, {output.Name}";
            var given = actual.SingleOrDefault(array => array.Name == output.Name);
            if (given is null)
                _wrong.Add($"{of}: it was not given");
            else if (!given.Shape.SequenceEqual(output.Shape) || given.Values.GetType() != output.Values.GetType())
                _wrong.Add($"{of}: {Describe(given)} in the place of {Describe(output)}");
            else if (scores is not null && output.Name == GraphNames.Probability)
                Add(of, file, Array.ConvertAll(scores, score => (float)ProbabilityDefinition.Of(file.Metadata!.ScoreQuantiles, score)),
                    given.Values, _ => false);
            else if (scores is not null && output.Name == GraphNames.IsAnomaly)
                Add(of, file, output.Values, given.Values, i => Relative(file.Metadata!.Threshold, scores[i]) <= file.Tolerance);
            else
                Add(of, file, output.Values, given.Values, _ => false);
        }
    }

    private void Add(string of, ExportedFile file, Array expected, Array actual, Predicate<int> isOpen)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = isOpen(i) ? 0 : Difference(expected.GetValue(i)!, actual.GetValue(i)!);
            _numbers++;
            _largest = Math.Max(_largest, double.IsFinite(difference) ? difference : 0);
            if (difference <= file.Tolerance)
                continue;
            _wrong.Add($"{of}, value {i}: {actual.GetValue(i)} in the place of {expected.GetValue(i)}");
            return;
        }
    }

    private static double Difference(object expected, object actual) => (expected, actual) switch
    {
        _ when expected.Equals(actual) => 0,
        (float a, float b) => Relative(a, b),
        (double a, double b) => Relative(a, b),
        _ => double.PositiveInfinity,
    };

    private static double Relative(double expected, double actual) =>
        double.IsFinite(expected) && double.IsFinite(actual) ? Math.Abs(expected - actual) / Math.Max(1, Math.Abs(expected))
            : double.PositiveInfinity;

    private static string Describe(NamedArray array) =>
        $"{array.Values.GetType().GetElementType()!.Name}[{string.Join(", ", array.Shape)}]";
}
