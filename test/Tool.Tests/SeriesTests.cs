using System.Globalization;
using System.Text;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>Tables whose rows are the steps of time series.</summary>
[TestClass]
public sealed class SeriesTests
{
    private const int Day = 24, Steps = 300, First = 250, Last = 257;

    private static readonly DateTime s_start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] s_pumps = ["north", "south"];

    private static readonly Lazy<string> s_model = new(() =>
    {
        InstalledTool.Write("pumps.csv", Pumps(seed: 1, hasAnomalies: false));
        InstalledTool.Write("later.csv", Pumps(seed: 2, hasAnomalies: true));
        InstalledTool.Run("train", "pumps.csv", "--time", "when", "--key", "pump", "--width", "1d", "--exclude", "label", "--steps", "100",
            "-o", "pumps.zip").Ends(0).Says("time                        1  when", "key                         1  pump",
            "number                      2  flow, heat", "category (left out)         1  state", "2 values in windows of 24 rows",
            "Most telling columns");
        return "pumps.zip";
    });

    [TestMethod]
    public void Series_are_scored_row_by_row()
    {
        string model = s_model.Value;

        // Standard input, which is read twice.
        byte[] input = File.ReadAllBytes(InstalledTool.PathOf("later.csv"));
        var run = InstalledTool.Run(input, ["score", "-", "-m", model, "--explain", "2"]).Ends(0);
        Assert.AreEqual("when,pump,flow,heat,state,label,score,p_value,anomaly,feature_1,value_1,expected_1,share_1,"
            + "feature_2,value_2,expected_2,share_2", run.Lines[0]);
        string[][] rows = [.. run.Lines[1..].Select(line => line.Split(','))];
        Assert.HasCount(2 * Steps, rows);

        // The first day of each pump ends before its first whole window does.
        Assert.IsTrue(rows[..(2 * (Day - 1))].All(row => string.Join(',', row[6..]) == ",,false,,,,,,,,"), string.Join(',', rows[0]));
        for (int i = 2 * (Day - 1); i < rows.Length; i++)
            Assert.AreEqual(1, Number(rows[i][12]) + Number(rows[i][16]), 1e-5, $"{i}");
        foreach (string[] row in rows[(2 * First)..(2 * Last + 2)])
        {
            // The flow was raised by 8.
            Assert.AreEqual("bad true flow", $"{row[5]} {row[8]} {row[9]}", string.Join(',', row));
            Assert.AreEqual(row[2], row[10]);
            Assert.IsGreaterThan(2, Number(row[10]) - Number(row[11]), string.Join(',', row));
        }
        Assert.IsLessThan(0.1, rows[..(2 * First)].Count(row => row[8] == "true") / (2.0 * First));
    }

    [TestMethod]
    public void Events_are_found_in_each_series()
    {
        var measures = InstalledTool.Run("evaluate", "later.csv", "-m", s_model.Value, "--label", "label", "--json").Ends(0)
            .Json["evaluation"]!;
        Assert.AreEqual(2 * (Last - First + 1), (int)measures["found"]!);
        var series = measures["series"]!;
        Assert.AreEqual("2 2 2 2 0", $"{series["series"]} {series["seriesWithEvents"]} {series["events"]} {series["eventsFound"]} "
            + $"{series["medianDelay"]}");
        Assert.IsInRange(0.3, 1, (double)series["vusPr"]!);
        InstalledTool.Run("evaluate", "later.csv", "-m", s_model.Value, "--label", "label", "--threshold", "1e9").Ends(0)
            .Says("  VUS-PR, AUC-PR ", "(means of 2 of 2 series)", "  events             0 of 2 found; 0 false alarms");
        InstalledTool.Run("report", "later.csv", "-m", s_model.Value, "--label", "label").Ends(0)
            .Says("600 rows, with the labels of 'label'");
        StringAssert.Contains(File.ReadAllText(InstalledTool.PathOf("later.report.html")), "16 of 16 anomalies found");
    }

    /// <summary>Seconds since 1970, of which a Single tells no two hours apart; and numbers with a comma.</summary>
    [TestMethod]
    public void Times_may_be_numbers_and_windows_may_cover()
    {
        string[] rows = ["t;v", .. Enumerable.Range(0, 400).Select(i => string.Create(CultureInfo.InvariantCulture,
            $"{1_767_225_600L + 60 * i}.5;{Math.Sin(i * Math.PI / 10) + 0.1 * Math.Cos(i * i):F4}").Replace('.', ','))];
        InstalledTool.Write("seconds.csv", string.Join('\n', rows));
        InstalledTool.Run("train", "seconds.csv", "--decimal-comma", "--time", "t", "--width", "auto", "--covering", "--steps", "20")
            .Ends(0).Says("1 values in windows of 20 rows", "Threshold");
        InstalledTool.Run("info", "seconds.model.zip").Ends(0).Says("20 steps of 1 channels", "t, a step every 60",
            "of all windows that cover a row");

        // All windows that cover the first row are whole.
        var scored = InstalledTool.Run("score", "seconds.csv", "-m", "seconds.model.zip", "--decimal-comma", "--explain", "9").Ends(0);
        Assert.AreEqual("t;v;score;p_value;anomaly;feature_1;value_1;expected_1;share_1", scored.Lines[0]);
        Assert.IsTrue(scored.Lines[1..].All(line => line.Split(';') is [.., "v", _, not "", "1"]), scored.Lines[1]);
    }

    [TestMethod]
    [DataRow("train later.csv --width 24", "--width goes with a time series; name the column with the time by --time")]
    [DataRow("train later.csv --time when --width 3w", "--width takes a whole number from 2, a duration such as")]
    [DataRow("train later.csv --time when --key when", "The column 'when' is named twice")]
    [DataRow("train later.csv --time flow --width 1d", "is a duration, and the column 'flow' has numbers and no dates")]
    [DataRow("train later.csv --time when --variant dense", "--variant and --time do not go together")]
    [DataRow("train later.csv --time when --epochs 3", "--epochs and --hidden do not go with --time")]
    [DataRow("train later.csv --time when --kind state=category", "--kind state=category does not go with --time")]
    [DataRow("score later.csv -m pumps.zip --shard 1/2", "--shard would tear the steps of a series apart")]
    [DataRow("encode later.csv -m pumps.zip", "a row has no code")]
    [DataRow("export pumps.zip", "Give --graph scorer")]
    public void What_makes_no_sense_for_series_is_refused(string line, string message)
    {
        _ = s_model.Value;
        var run = InstalledTool.Run(line.Split(' ')).Ends(1);
        Assert.Contains(message, run.Error);
        Assert.IsEmpty(run.Output);
    }

    [TestMethod]
    public void Rows_that_are_no_steps_are_told_by_their_place_or_left_out()
    {
        _ = s_model.Value;
        string[] lines = File.ReadAllLines(InstalledTool.PathOf("later.csv"));
        string[] swapped = [.. lines];
        (swapped[101], swapped[103]) = (swapped[103], swapped[101]);
        InstalledTool.Write("swapped.csv", string.Join('\n', swapped));
        InstalledTool.Run("score", "swapped.csv", "-m", "pumps.zip").Ends(2).Says(
            "'swapped.csv' cannot be scored: Row 102 (counted from 0) of the series 'north' lies 3600 before the one before it");

        string[] bad = [.. lines];
        (bad[50], bad[60]) = (bad[50].Replace("2026-01-02", "2.1.2026"), bad[60].Replace(',', ';'));
        InstalledTool.Write("bad.csv", string.Join('\n', bad));
        InstalledTool.Run("score", "bad.csv", "-m", "pumps.zip").Ends(2).Says(
            "'bad.csv', row 50 (line 51), column 'when' has '2.1.2026 00:00'; expected a date and time with the year first");
        Assert.HasCount(2 * Steps - 1, InstalledTool.Run("score", "bad.csv", "-m", "pumps.zip", "--bad-rows", "skip").Ends(0)
            .Says("2 rows could not be read").Lines);
    }

    /// <summary>Two pumps by turns, each with a daily pattern in flow and heat; of each the flow is too high for some hours.</summary>
    private static string Pumps(int seed, bool hasAnomalies)
    {
        var random = new Random(seed);
        var text = new StringBuilder("when,pump,flow,heat,state,label\n");
        for (int i = 0; i < Steps; i++)
        {
            bool isOdd = hasAnomalies && i is >= First and <= Last;
            for (int pump = 0; pump < s_pumps.Length; pump++)
            {
                double angle = 2 * Math.PI * i / Day + pump;
                text.Append(CultureInfo.InvariantCulture, $"{s_start.AddHours(i):yyyy-MM-dd HH:mm},{s_pumps[pump]},")
                    .Append(CultureInfo.InvariantCulture, $"{10 + 5 * Math.Sin(angle) + random.NextDouble() + (isOdd ? 8 : 0):F4},")
                    .Append(CultureInfo.InvariantCulture, $"{20 + 3 * Math.Cos(angle) + random.NextDouble():F4},")
                    .Append(i % 3 == 0 ? "idle" : "busy").Append(isOdd ? ",bad\n" : ",ok\n");
            }
        }
        return text.ToString();
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
