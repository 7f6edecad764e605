using System.Globalization;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A report on many rows is small and is written in the memory of few.</summary>
[TestClass]
public class ManyRowsTests
{
    private const int Width = 6;
    private const long Limit = 2_000_000;

    [TestMethod]
    [DataRow(100_000)]
    [DataRow(400_000)]
    public void Size_and_memory_do_not_grow_with_the_rows(int count)
    {
        var model = ReportFixtures.Ml.Autoencoders().Dense("Features", hidden: [8], code: 3, epochs: 2, seed: 1)
            .Fit(new GeneratedView(2_000, Width));
        List<long> memory = [];
        var builder = new Microsoft.ML.DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, Width));
        var rows = new OneColumnView<VBuffer<float>>(builder.ToSchema(), count, (long row, ref VBuffer<float> value) =>
        {
            var editor = VBufferEditor.Create(ref value, Width);
            for (int j = 0; j < Width; j++)
                editor.Values[j] = GeneratedView.First(row + 31 * j);
            value = editor.Commit();
            if (row % (count / 20) == count / 40)
                memory.Add(GC.GetTotalMemory(forceFullCollection: true));
        });
        using var folder = new TestFolder();
        model.WriteReport(folder["report.html"], rows);
        Assert.IsLessThan(Limit, new FileInfo(folder["report.html"]).Length);

        // The scores that are kept take 8 bytes each; a list that grows holds twice its items for a while.
        long growth = memory.Max() - memory[0], most = 100_000 * 8 * 3 + 4_000_000;
        Assert.IsLessThan(most, growth, string.Join(", ", memory));
        string text = File.ReadAllText(folder["report.html"]);
        StringAssert.Contains(text, $"of {count.ToString("#,0", CultureInfo.InvariantCulture)} rows");
        Assert.AreEqual(count > 100_000, text.Contains("A random sample of 100,000 of 400,000 scores", StringComparison.Ordinal));
    }
}
