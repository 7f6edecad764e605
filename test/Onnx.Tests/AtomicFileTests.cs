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
    public void A_file_that_cannot_be_replaced_puts_those_before_it_back()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a"], "old");
        var error = Assert.ThrowsExactly<IOException>(
            () => AtomicFile.WriteAll([(folder["a"], [1]), (folder["new"], [2]), (folder["busy"], [3])], path =>
        {
            if (path == folder["busy"])
            {
                Assert.AreEqual("1 2", $"{File.ReadAllBytes(folder["a"])[0]} {File.ReadAllBytes(folder["new"])[0]}",
                    "those before it are in place already");
                throw new IOException("Device or resource busy.");
            }
        }));
        StringAssert.Contains(error.Message, $"The file '{folder["busy"]}' cannot be written: Device or resource busy.");
        Assert.AreEqual("old", File.ReadAllText(folder["a"]));
        Assert.AreEqual("a", string.Join(' ', Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName)));
    }

    [TestMethod]
    public void A_link_stays_and_the_file_that_it_points_to_is_replaced()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["target"], "old");
        File.CreateSymbolicLink(folder["link"], folder["target"]);
        AtomicFile.WriteAll((folder["link"], [7]));
        Assert.AreEqual(folder["target"], new FileInfo(folder["link"]).LinkTarget);
        CollectionAssert.AreEqual(new byte[] { 7 }, File.ReadAllBytes(folder["target"]));
    }

    [TestMethod]
    public void Two_files_of_one_path_are_refused()
    {
        using var folder = new TestFolder();
        Fails.With<ArgumentException>("is named twice", () => AtomicFile.WriteAll((folder["a"], [1]), (folder["./a"], [2])));
        Assert.AreEqual(0, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [TestMethod]
    public void A_folder_in_the_place_of_a_file_is_named()
    {
        using var folder = new TestFolder();
        Directory.CreateDirectory(folder["a"]);
        Fails.With<IOException>("a folder of that name", () => AtomicFile.WriteAll((folder["a"], [1])));
        Assert.AreEqual(1, Directory.GetFileSystemEntries(folder.Path).Length);
    }
}
