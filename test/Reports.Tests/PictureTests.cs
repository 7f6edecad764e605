namespace MLNetAutoencoder.Tests;

/// <summary>Rows of pixels as images.</summary>
[TestClass]
public class PictureTests
{
    // 24 images and 38 of a variational model stay far below 2 MB, however large they are.
    private const int MostCharacters = 16_000;

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public void Channels_that_follow_or_stand_together_give_one_image(int channels)
    {
        const int height = 5, width = 7;
        var random = new Random(1);
        float[] planar = [.. Enumerable.Range(0, channels * height * width).Select(_ => random.NextSingle())];
        float[] interleaved = [.. Enumerable.Range(0, planar.Length).Select(i => planar[i % channels * height * width + i / channels])];
        string Source(float[] pixels, bool isInterleaved) => (string)new Picture(
            new ReportImage(height, width, channels, isInterleaved), [pixels]).Draw(pixels, "an image").Attribute("src")!;
        Assert.AreEqual(Source(planar, false), Source(interleaved, true));
        if (channels > 1)
            Assert.AreNotEqual(Source(planar, false), Source(planar, true));
    }

    [TestMethod]
    public void A_large_image_is_thinned()
    {
        var size = new ReportImage(300, 1_000, Channels: 3);
        float[] pixels = [.. Enumerable.Range(0, 900_000).Select(i => i % 251f)];
        var image = new Picture(size, [pixels]).Draw(pixels, "a large image");
        Assert.IsLessThan(MostCharacters, ((string)image.Attribute("src")!).Length);
        Assert.AreEqual("48", (string)image.Attribute("width")!);
        Assert.AreEqual("15", (string)image.Attribute("height")!);
    }

    [TestMethod]
    public void Missing_pixels_are_black_and_their_difference_is_full()
    {
        var picture = new Picture(new ReportImage(1, 2), [[0, 1]]);
        Assert.AreEqual(Source(picture.Draw([0, 1], "")), Source(picture.Draw([float.NaN, 1], "")));
        Assert.AreEqual(Source(picture.DrawError([0, 1], [1, 1], "")), Source(picture.DrawError([float.NaN, 1], [1, 1], "")));

        static string Source(System.Xml.Linq.XElement image) => (string)image.Attribute("src")!;
    }
}
