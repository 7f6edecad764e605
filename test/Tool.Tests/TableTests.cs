using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Parquet;
using Parquet.Schema;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>Columns of every kind, and files of every form.</summary>
[TestClass]
public sealed class TableTests
{
    private static readonly Lazy<JsonNode> s_train = new(() =>
    {
        InstalledTool.Write("mixed.csv", Tables.Mixed);
        return InstalledTool.Run("train", "mixed.csv", "--label", "label", "--train-on-normal", "--steps", "300", "--json").Ends(0).Json;
    });

    /// <summary>A model of a file with columns of every kind, and the rows that it was trained on.</summary>
    public static (string Model, string Data) Mixed => s_train.Value is null ? default : ("mixed.model.zip", "mixed.csv");

    [TestMethod]
    public void Columns_have_the_kinds_that_they_have()
    {
        string[] kinds = [.. s_train.Value["columns"]!.AsArray().Select(column => $"{column!["name"]} {column["kind"]} {column["use"]}")];
        CollectionAssert.AreEqual(new[]
        {
            "id id leftout", "when date leftout", "color category feature", "size number feature", "weight number feature",
            "note id leftout", "fixed constant leftout", "label category label",
        }, kinds);
        Assert.AreEqual(5, (int)s_train.Value["features"]!);
        Assert.IsGreaterThan(0.95, (double)s_train.Value["evaluation"]!["areaUnderRocCurve"]!);
    }

    [TestMethod]
    public void Columns_are_found_by_name_and_unseen_and_missing_values_are_zeros()
    {
        InstalledTool.Write("other.csv",
            "weight;more;color;size\n4.0;x;green;2.0\n4.0;x;violet;2.0\n4.0;x;;2.0\n4.0;\"x;\"\"y\";green;NA\n9;x;green;2.0\n");
        var run = InstalledTool.Run("score", "other.csv", "-m", Mixed.Model, "--explain", "1").Ends(0).Says("'more'");
        Assert.AreEqual("weight;more;color;size;score;p_value;anomaly;feature_1;value_1;expected_1;share_1", run.Lines[0]);
        string[][] rows = [.. run.Lines.Skip(1).Select(line => line.Replace("x;\"\"y", "xy").Split(';'))];
        Assert.HasCount(5, rows);
        Assert.AreEqual(rows[1][4], rows[2][4], "an unseen and a missing category");
        Assert.AreEqual("color;violet;green", string.Join(';', rows[1][7..10]));
        Assert.StartsWith("4.0;\"x;\"\"y\";green;NA;", run.Lines[4]);
        Assert.AreEqual("true weight 9", $"{rows[4][6]} {rows[4][7]} {rows[4][8]}");
        Assert.AreEqual("false", rows[0][6]);

        InstalledTool.Write("lacking.csv", "color,weight\ngreen,4\n");
        InstalledTool.Run("score", "lacking.csv", "-m", Mixed.Model).Ends(2).Says("'lacking.csv' has no column 'size'");
        InstalledTool.Run("score", Mixed.Data, "-m", Mixed.Model, "--only-new").Ends(0);
        InstalledTool.Write("taken.csv", "color,size,weight,score\ngreen,2,4,1\n");
        InstalledTool.Run("score", "taken.csv", "-m", Mixed.Model).Ends(1).Says("--prefix");
        Assert.AreEqual("color,size,weight,score,m_score,m_p_value,m_anomaly",
            InstalledTool.Run("score", "taken.csv", "-m", Mixed.Model, "--prefix", "m_").Ends(0).Lines[0]);
    }

    [TestMethod]
    public void Every_form_of_the_same_rows_gives_the_same_scores()
    {
        string text = Tables.Numbers(60, 3);
        InstalledTool.Write("form.csv", text);
        InstalledTool.Run("train", "form.csv", "--steps", "20").Ends(0);
        string[] expected = Scores(InstalledTool.Run(null, ["score", "form.csv", "-m", "form.model.zip", "--only-new"]));
        void Same(byte[] bytes, string name, params string[] options)
        {
            File.WriteAllBytes(InstalledTool.PathOf(name), bytes);
            CollectionAssert.AreEqual(expected,
                Scores(InstalledTool.Run(["score", name, "-m", "form.model.zip", "--only-new", .. options])), name);
        }

        Same(Encoding.UTF8.GetBytes(text.Replace("\n", "\r\n")), "windows.csv");
        Same([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(text)], "bom.csv");
        Same([.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes(text)], "utf16.csv");
        Same(Encoding.UTF8.GetBytes(text.Replace(',', '\t')), "tabs.tsv");
        Same(Encoding.UTF8.GetBytes(text.Replace(',', '|')), "bars.txt", "--separator", "|");
        using (var compressed = new MemoryStream())
        {
            using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
                gzip.Write(Encoding.UTF8.GetBytes(text));
            Same(compressed.ToArray(), "packed.csv.gz");
            var piped = InstalledTool.Run(compressed.ToArray(), ["score", "-", "-m", "form.model.zip", "--only-new"]);
            CollectionAssert.AreEqual(expected, Scores(piped), "standard input");
        }
        string comma = text.Replace(',', ';').Replace('.', ',');
        File.WriteAllText(InstalledTool.PathOf("comma.csv"), comma);
        string[] commas = Scores(InstalledTool.Run("score", "comma.csv", "-m", "form.model.zip", "--only-new", "--decimal-comma"));
        CollectionAssert.AreEqual(expected, commas.Select(line => line.Replace(',', '.').Replace(';', ',')).ToArray());
        InstalledTool.Run(null, ["score", "form.csv", "-m", "form.model.zip", "--only-new", "-o", "out.csv.gz"]).Ends(0);
        using var back = new StreamReader(new GZipStream(File.OpenRead(InstalledTool.PathOf("out.csv.gz")), CompressionMode.Decompress));
        CollectionAssert.AreEqual(expected, back.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..]);
    }

    [TestMethod]
    public void Columns_may_have_the_names_of_those_that_the_pipeline_makes()
    {
        string[] names = ["Features", "Score", "__row", "PValue", "a,b"];
        string text = Tables.Numbers(60, names.Length);
        InstalledTool.Write("names-taken.csv", string.Join(',', names.Select(name => $"\"{name}\"")) + text[text.IndexOf('\n')..]);
        InstalledTool.Run("train", "names-taken.csv", "--steps", "5").Ends(0).Says("Features, Score, __row, PValue, a,b");
        var run = InstalledTool.Run("score", "names-taken.csv", "-m", "names-taken.model.zip", "--explain", "5").Ends(0);
        string[] row = run.Lines[1].Replace("\"a,b\"", "a b").Split(',');
        CollectionAssert.AreEquivalent(row[..5], Enumerable.Range(0, 5).Select(i => row[9 + 4 * i]).ToArray());
    }

    [TestMethod]
    public void A_table_without_names_is_read_and_written_without()
    {
        string rows = Tables.Numbers(60, 3);
        InstalledTool.Write("nameless.csv", rows[(rows.IndexOf('\n') + 1)..]);
        InstalledTool.Run(["train", "nameless.csv", "--no-header", "--steps", "20"]).Ends(0).Says("c1, c2, c3");
        var run = InstalledTool.Run("score", "nameless.csv", "--no-header", "-m", "nameless.model.zip").Ends(0);
        Assert.HasCount(60, run.Lines);
        Assert.HasCount(6, run.Lines[0].Split(','));
    }

    [TestMethod]
    public void Standard_input_is_trained_on()
    {
        InstalledTool.Run(Encoding.UTF8.GetBytes(Tables.Numbers(60, 3)), ["train", "-", "--steps", "20", "-o", "piped.zip"]).Ends(0)
            .Says("60 rows");
        Assert.IsEmpty(Directory.GetFiles(Path.GetTempPath(), "mlnet-autoencoder-????????????????????????????????"));
    }

    [TestMethod]
    public async Task Parquet_files_with_nulls_and_lists_are_read()
    {
        var x = new DataField<double?>("x");
        var n = new DataField<int>("n");
        var color = new DataField<string>("color");
        var flag = new DataField<bool>("flag");
        var list = new ListField("list", new DataField<int>("element"));
        var when = new DataField<DateTime>("when");
        const int rows = 60;
        await using (var file = File.Create(InstalledTool.PathOf("table.parquet")))
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(x, n, color, flag, list, when), file))
        {
            for (int group = 0; group < 2; group++)
            {
                using var part = writer.CreateRowGroup();
                await part.WriteAsync<double>(x, Enumerable.Range(0, rows).Select(i => i == 4 ? (double?)null : i % 7 + 0.5).ToArray());
                await part.WriteAsync<int>(n, Enumerable.Range(0, rows).Select(i => i * i % 11).ToArray());
                await part.WriteAsync(color,
                    Enumerable.Range(0, rows).Select(i => i == 5 ? null! : i % 2 == 0 ? "red, dark" : "blue").ToArray());
                await part.WriteAsync<bool>(flag, Enumerable.Range(0, rows).Select(i => i % 3 == 0).ToArray());
                await part.WriteAllPartsAsync<int>((DataField)list.Item, Enumerable.Range(0, rows).ToArray(),
                    Enumerable.Repeat(3, rows).ToArray(),
                    new int[rows], default);
                await part.WriteAsync<DateTime>(when, Enumerable.Range(0, rows).Select(i => new DateTime(2026, 1, 1 + i % 28)).ToArray());
                part.CompleteValidate();
            }
        }
        var document = InstalledTool.Run("train", "table.parquet", "--steps", "20", "--json").Ends(0).Json;
        CollectionAssert.AreEqual(new[] { "x number", "n number", "color category", "flag category", "list unreadable", "when date" },
            document["columns"]!.AsArray().Select(column => $"{column!["name"]} {column["kind"]}").ToArray());
        Assert.AreEqual(2 * rows, (int)document["rows"]!);

        var run = InstalledTool.Run("score", "table.parquet", "-m", "table.model.zip").Ends(0);
        Assert.HasCount(2 * rows + 1, run.Lines);
        Assert.AreEqual("x,n,color,flag,when,score,p_value,anomaly", run.Lines[0]);
        Assert.StartsWith("0.5,0,\"red, dark\",true,2026-01-01T00:00:00,", run.Lines[1]);
        Assert.StartsWith(",5,\"red, dark\",false,2026-01-05T00:00:00,", run.Lines[5]);
        Assert.StartsWith("5.5,3,,false,", run.Lines[6]);
    }

    [TestMethod]
    public void Twenty_thousand_columns_are_trained_on_and_scored()
    {
        InstalledTool.Write("wide.csv", Tables.Numbers(40, 20_000));
        InstalledTool.Run("train", "wide.csv", "--variant", "dense", "--hidden", "4", "--code", "2", "--epochs", "1", "-o",
            "wide.zip").Ends(0)
            .Says("20,000");
        var run = InstalledTool.Run("score", "wide.csv", "-m", "wide.zip", "--only-new").Ends(0);
        Assert.HasCount(41, run.Lines);
    }

    [TestMethod]
    public void Shards_make_the_whole()
    {
        string[] whole = InstalledTool.Run("score", Mixed.Data, "-m", Mixed.Model).Ends(0).Lines;
        string[] parts = [.. Enumerable.Range(1, 3).SelectMany(i =>
            InstalledTool.Run("score", Mixed.Data, "-m", Mixed.Model, "--shard", $"{i}/3").Ends(0).Lines.Skip(1))];
        Assert.HasCount(whole.Length - 1, parts);

        // The columns of the file and then the number of the row, which sorts the parts.
        int place = whole[0].Split(',').Length - 3;
        foreach (string part in parts)
        {
            string[] values = part.Replace("note, ", "note ").Split(',');
            string[] same = whole[int.Parse(values[place], CultureInfo.InvariantCulture)].Replace("note, ", "note ").Split(',');
            CollectionAssert.AreEqual(same[..place], values[..place]);
            float score = float.Parse(same[place], CultureInfo.InvariantCulture);

            // Other batches, and so other kernels of ONNX Runtime.
            Assert.AreEqual(score, float.Parse(values[place + 1], CultureInfo.InvariantCulture), 1e-4 * score);
        }
    }

    [TestMethod]
    public void A_shard_that_was_killed_is_run_again()
    {
        string[] lines = File.ReadAllLines(InstalledTool.PathOf(Mixed.Data));
        InstalledTool.Write("big.csv",
            string.Join('\n', lines.Take(1).Concat(Enumerable.Repeat(lines.Skip(1), 20).SelectMany(rows => rows))));
        string[] Arguments(int part) =>
            ["score", "big.csv", "-m", Mixed.Model, "--shard", $"{part}/3", "--only-new", "-o", $"shard{part}.csv"];
        Process[] processes = [.. Enumerable.Range(1, 3).Select(part => InstalledTool.Start(Arguments(part)))];
        var wait = Stopwatch.StartNew();
        while (Directory.GetFiles(InstalledTool.Folder, "shard2.csv.*").Length == 0 && wait.Elapsed < TimeSpan.FromSeconds(30))
            Thread.Sleep(1);
        processes[1].Kill();
        foreach (var process in processes)
        {
            process.WaitForExit();
            process.Dispose();
        }
        Assert.IsFalse(File.Exists(InstalledTool.PathOf("shard2.csv")), "a file that is not whole");
        InstalledTool.Run(Arguments(2)).Ends(0);
        int[] rows = [.. Enumerable.Range(1, 3).SelectMany(part => File.ReadLines(InstalledTool.PathOf($"shard{part}.csv")).Skip(1))
            .Select(line => int.Parse(line.Split(',')[0], CultureInfo.InvariantCulture)).Order()];
        CollectionAssert.AreEqual(Enumerable.Range(1, 20 * (lines.Length - 1)).ToArray(), rows);
    }

    /// <summary>The rows, with a comma between the values whatever separates them.</summary>
    private static string[] Scores(ToolRun run) => [.. run.Ends(0).Lines.Skip(1).Select(line => line.Replace('\t', ',').Replace('|', ','))];
}
