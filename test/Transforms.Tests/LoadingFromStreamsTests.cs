using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests.Transforms;

/// <summary>
/// Whatever stream ML.NET's own loader opens a model from, this library does: a zip is read from its end, wherever the stream stands.
/// </summary>
[TestClass]
public sealed class LoadingFromStreamsTests
{
    private static readonly MLContext s_ml = new(seed: 1);
    private static readonly byte[] s_file = File.ReadAllBytes(GoldenFile.Zip("dense"));

    [TestMethod]
    public void One_that_stands_at_its_start() => AssertOpens(new MemoryStream(s_file));

    [TestMethod]
    public void One_that_was_just_written()
    {
        var stream = new MemoryStream();
        stream.Write(s_file);
        AssertOpens(stream);
    }

    [TestMethod]
    public void One_that_a_model_was_just_saved_to()
    {
        using var stream = new MemoryStream();
        using var model = Rows.Fit(s_ml, options => options.Epochs = 0);
        var view = Rows.View(s_ml, 20);
        s_ml.Model.Save(model, view.Schema, stream);
        using var loaded = (AutoencoderTransformer)s_ml.Autoencoders().Load(stream, out DataViewSchema? schema);
        Assert.IsNotNull(schema);
        CollectionAssert.AreEqual(
            model.Transform(view).GetColumn<float>("Score").ToArray(),
            loaded.Transform(view).GetColumn<float>("Score").ToArray());
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(100)]
    public void One_that_stands_amid_the_file(int position) => AssertOpens(new MemoryStream(s_file) { Position = position });

    [TestMethod]
    public void A_file_that_stands_at_its_end()
    {
        using var folder = new TestFolder();
        string path = folder["model.zip"];
        using (var stream = new FileStream(path, FileMode.Create, FileAccess.ReadWrite))
        {
            stream.Write(s_file);
            AssertOpens(stream);
        }
    }

    [TestMethod]
    public void One_that_cannot_be_sought_in() => AssertOpens(new ForwardStream(s_file));

    [TestMethod]
    public void One_that_is_opened_twice()
    {
        using var stream = new MemoryStream(s_file);
        AssertOpens(stream);
        AssertOpens(stream);
    }

    /// <summary>By ML.NET's own loader, and then by this library's, from a stream that stands at the same place.</summary>
    private static void AssertOpens(Stream stream)
    {
        var golden = GoldenFile.Read("dense");
        var view = GoldenRow.View(s_ml, golden.Rows);
        long position = stream.CanSeek ? stream.Position : 0;
        var stock = s_ml.Model.Load(stream, out DataViewSchema _);
        AssertScores(golden, stock.Transform(view));
        (stock as IDisposable)?.Dispose();
        if (stream is ForwardStream forward)
            forward.Rewind();
        else
            stream.Position = position;
        using var model = (AutoencoderTransformer)s_ml.Autoencoders().Load(stream, out DataViewSchema? _);
        AssertScores(golden, model.Transform(view));
        Assert.IsTrue(stream.CanRead, "it stays open");
    }

    private static void AssertScores(GoldenFile golden, IDataView scored)
    {
        float[][] expected = golden.Outputs["score"], found = GoldenFile.Values(scored, "Score");
        Assert.IsLessThan(1e-5, Rows.Difference(expected.SelectMany(row => row), found.SelectMany(row => row)));
    }

    /// <summary>A stream like one of a network, a few bytes at a time.</summary>
    private sealed class ForwardStream(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Rewind() => base.Seek(0, SeekOrigin.Begin);

        public override long Seek(long offset, SeekOrigin loc) => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 1000));

        public override int Read(Span<byte> buffer) => base.Read(buffer.Length > 1000 ? buffer[..1000] : buffer);
    }
}
