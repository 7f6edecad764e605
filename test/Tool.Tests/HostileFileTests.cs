using System.Text;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>Files that are not as they should be: each gets a result, or one sentence with file, row and column.</summary>
[TestClass]
public sealed class HostileFileTests
{
    private const string Rows = "1,2\n3,4\n5,5\n2,1\n4,3\n1,5\n2,2\n5,1\n";

    private static readonly Dictionary<string, byte[]> s_files = new(StringComparer.Ordinal)
    {
        ["empty.csv"] = [],
        ["names.csv"] = Bytes("a,b\n"),
        ["short.csv"] = Bytes("a,b\n1,2\n3\n" + Rows),
        ["long.csv"] = Bytes("a,b\n1,2\n3,4,5\n" + Rows),
        ["nul.csv"] = Bytes("a,b\n1,2\n3,\0\n" + Rows),
        ["no-bom.csv"] = Encoding.Unicode.GetBytes("a,b\n" + Rows),
        ["twice.csv"] = Bytes("a,b,a\n1,2,3\n"),
        ["packed.csv"] = [0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        ["parquet.csv"] = Bytes("PAR1 and nothing else"),
        ["texts.csv"] = Bytes("name\nAnn\nBob\nCarl\n"),
        ["one-row.csv"] = Bytes("a,b\n1,2\n"),
    };

    [TestMethod]
    [DataRow("empty.csv", "'empty.csv' is empty")]
    [DataRow("names.csv", "'names.csv' has 0 rows")]
    [DataRow("short.csv", "'short.csv', row 2 (line 3) has 1 values; expected 2")]
    [DataRow("long.csv", "'long.csv', row 2 (line 3) has 3 values; expected 2")]
    [DataRow("nul.csv", "'nul.csv', row 2 (line 3), column 'b' has a NUL character")]
    [DataRow("no-bom.csv", "'no-bom.csv', line 1 has a NUL character; expected UTF-8 text, or UTF-16 with a byte order mark")]
    [DataRow("twice.csv", "'twice.csv' has 2 columns with the name 'a'")]
    [DataRow("packed.csv", "'packed.csv' is a damaged gzip file")]
    [DataRow("parquet.csv", "'parquet.csv' cannot be read as a Parquet file")]
    [DataRow("texts.csv", "'texts.csv' has no column to train on: 'name' (id)")]
    [DataRow("one-row.csv", "'one-row.csv' has 1 rows")]
    [DataRow("absent.csv", "There is no file 'absent.csv'")]
    public void One_sentence_says_what_is_wrong(string name, string message)
    {
        if (s_files.TryGetValue(name, out byte[]? bytes))
            File.WriteAllBytes(InstalledTool.PathOf(name), bytes);
        var run = InstalledTool.Run("train", name, "-o", name + ".zip").Ends(2);
        Assert.HasCount(1, run.Error.TrimEnd().Split('\n'), run.Error);
        Assert.Contains(message, run.Error);
        Assert.IsFalse(File.Exists(InstalledTool.PathOf(name + ".zip")));
    }

    [TestMethod]
    public void Rows_that_cannot_be_read_are_left_out_when_asked()
    {
        InstalledTool.Write("ragged.csv", "a,b\n" + Rows + "7\n" + Rows + "x,1\n");
        InstalledTool.Run("train", "ragged.csv", "--kind", "a=number", "--bad-rows", "skip", "--steps", "5").Ends(0)
            .Says("Trained on 16 rows", "2 rows could not be read");
        var run = InstalledTool.Run("score", "ragged.csv", "-m", "ragged.model.zip", "--bad-rows",
            "skip").Ends(0).Says("2 rows could not be read");
        Assert.HasCount(17, run.Lines);
    }

    [TestMethod]
    public void A_number_that_turns_to_text_is_named_and_nothing_is_written()
    {
        var text = new StringBuilder("a,b\n");
        for (int i = 1; i < 100_000; i++)
            text.Append(i % 7).Append(',').Append(i * 5 % 11).Append('\n');
        InstalledTool.Write("good.csv", text.ToString());
        InstalledTool.Write("late.csv", text + "oops,1\n1,2\n");
        const string message = "'late.csv', row 100000 (line 100001), column 'a' has 'oops'; expected a number.";
        InstalledTool.Run("train", "late.csv").Ends(2).Says(message);
        InstalledTool.Run("train", "good.csv", "--variant", "dense", "--epochs", "1", "--hidden", "4", "--code", "1").Ends(0);
        InstalledTool.Run("score", "late.csv", "-m", "good.model.zip", "-o", "late.out.csv").Ends(2).Says(message);
        Assert.IsEmpty(Directory.GetFiles(InstalledTool.Folder, "late.*csv*").Where(path =>
            !path.EndsWith("late.csv", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void A_row_of_ten_megabytes_passes_through()
    {
        string large = new('y', 10_000_000);
        InstalledTool.Write("large.csv", "a,b,t\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{i % 7},{i * i % 11},x\n"))
            + $"1,2,\"{large}\"\n");
        InstalledTool.Run("train", "large.csv", "--exclude", "t", "--steps", "5").Ends(0);
        var run = InstalledTool.Run("score", "large.csv", "-m", "large.model.zip").Ends(0);
        Assert.HasCount(32, run.Lines);
        Assert.StartsWith($"1,2,\"{large}\",", run.Lines[31]);
    }

    [TestMethod]
    public void A_table_without_rows_gives_a_table_without_rows()
    {
        InstalledTool.Write("none.csv", File.ReadLines(InstalledTool.PathOf("breast-cancer.csv")).First() + "\r\n");
        var run = InstalledTool.Run("score", "none.csv", "-m", DemoSetTests.Model, "--only-new").Ends(0);
        Assert.AreEqual("score,p_value,anomaly", run.Output.TrimEnd());
    }

    [TestMethod]
    [DataRow("not-a-model.zip", "no zip at all")]
    [DataRow("absent.zip", null)]
    public void What_is_no_model_is_refused(string name, string? text)
    {
        if (text is not null)
            InstalledTool.Write(name, text);
        var run = InstalledTool.Run("info", name).Ends(2);
        Assert.Contains($"'{name}'", run.Error);
        Assert.HasCount(1, run.Error.TrimEnd().Split('\n'), run.Error);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
