using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Onnx;

[TestClass]
public sealed class AtomicFileTests
{
    [TestMethod]
    public void All_files_are_written_and_old_ones_replaced()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a"], "old");
        AtomicFile.WriteAll((folder["a"], [1]), (folder["b"], [2, 3]));
        CollectionAssert.AreEqual(new byte[] { 1 }, File.ReadAllBytes(folder["a"]));
        CollectionAssert.AreEqual(new byte[] { 2, 3 }, File.ReadAllBytes(folder["b"]));
    }

    [TestMethod]
    public void Where_one_cannot_be_written_none_is_touched_and_nothing_is_left_behind()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a"], "old");
        string unwritable = Path.Combine(folder["a"], "b");
        var error = Assert.ThrowsExactly<IOException>(() => AtomicFile.WriteAll((folder["a"], [1]), (unwritable, [2])));
        StringAssert.Contains(error.Message, $"The file '{unwritable}' cannot be written");
        Assert.AreEqual("old", File.ReadAllText(folder["a"]));
        Assert.AreEqual(1, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [TestMethod]
    public void A_folder_in_the_place_of_a_file_is_named()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["a"]);
        var error = Assert.ThrowsExactly<IOException>(() => AtomicFile.WriteAll((folder["a"], [1])));
        StringAssert.Contains(error.Message, "a folder of that name");
        Assert.AreEqual(1, Directory.GetFileSystemEntries(folder.Path).Length);
    }
}
