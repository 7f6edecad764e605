namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A model is the same, byte for byte, wherever it is made, and so is what is said: nothing depends on the culture of the process.
/// </summary>
[TestClass]
public sealed class CultureTests
{
    private static readonly Lazy<string[]> s_expected = new(() =>
        [.. CultureReport.Write().Select(line => line.ReplaceLineEndings(" | "))]);

    public TestContext TestContext { get; set; } = null!;

    /// <summary>A comma in numbers; another sign for minus; other digits; another upper case of i.</summary>
    public static IEnumerable<object[]> Cultures => [["de-DE"], ["sv-SE"], ["fa-IR"], ["tr-TR"]];

    [TestMethod]
    [DynamicData(nameof(Cultures))]
    public void Files_have_the_same_bytes(string culture) => AssertSame(culture, CultureReport.Files, Report(culture));

    [TestMethod]
    [DynamicData(nameof(Cultures))]
    public void Messages_have_the_same_text(string culture) => AssertSame(culture, CultureReport.Messages, Report(culture));

    [TestMethod]
    [DynamicData(nameof(Cultures))]
    public void A_training_goes_on_in_another_culture(string culture) => AssertSame(culture, CultureReport.Checkpoints, Report(culture));

    /// <summary>What is compared tells something: every message is one, and every training went on.</summary>
    [TestMethod]
    public void The_report_of_this_process_is_whole()
    {
        foreach (string line in s_expected.Value)
        {
            Assert.DoesNotContain("nothing was thrown", line);
            if (line.StartsWith(CultureReport.Checkpoints, StringComparison.Ordinal))
                StringAssert.Contains(line, ": 4 epochs, ");
        }
        var trainings = s_expected.Value.Where(line => line.StartsWith(CultureReport.Checkpoints, StringComparison.Ordinal));
        Assert.HasCount(1, trainings.Select(line => line.Split(": ", 2)[1]).Distinct());
    }

    private string[]? Report(string culture, [System.Runtime.CompilerServices.CallerMemberName] string test = "") =>
        CultureProcess.Report(TestContext, culture, CultureReport.Write, test);

    private static void AssertSame(string culture, string kind, string[]? found)
    {
        if (found is null)
            return;
        string[] lines = Of(found), expected = Of(s_expected.Value);
        string[] other =
        [
            .. from pair in expected.Zip(lines)
               where pair.First != pair.Second
               select $"expected {pair.First}{Environment.NewLine}   found {pair.Second}",
        ];
        string all = string.Join(Environment.NewLine, other);
        Assert.IsEmpty(other, $"{culture}: {other.Length} of {expected.Length} differ:{Environment.NewLine}{all}");
        Assert.HasCount(expected.Length, lines);

        string[] Of(string[] report) => [.. report.Where(line => line.StartsWith($"{kind} ", StringComparison.Ordinal))];
    }
}
