using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>Rules that no compiler keeps.</summary>
[TestClass]
public sealed class SourceRulesTests
{
    // Put together here, so that this file holds none of them itself.
    private static readonly string[] RegistryHosts =
        ["nuget" + ".org", "registry" + ".npmjs", "npmjs" + ".com", "deb" + ".debian", "pypi" + ".org", "packages" + ".microsoft"];

    [TestMethod]
    public void No_file_names_a_package_registry()
    {
        string[] topLevel = [.. Directory.EnumerateFiles(Repository.Root).Where(path => Path.GetFileName(path) != ".git")];
        string[] folders = ["docs", "src", "samples", "bench", "test", ".ci"];
        var texts = topLevel.Concat(folders.SelectMany(folder => Repository.FilesUnder(folder, "*")))
            .Where(path => Path.GetExtension(path) is not (".gz" or ".zip" or ".onnx" or ".png" or ".csv"));
        AssertNone(texts, new Regex(string.Join('|', RegistryHosts.Select(Regex.Escape)), RegexOptions.IgnoreCase),
            "package sources are the machine's to configure");
    }

    private static void AssertNone(IEnumerable<string> files, Regex forbidden, string rule)
    {
        string[] found =
        [
            .. from path in files
               from line in File.ReadLines(path).Index()
               where forbidden.IsMatch(line.Item)
               select $"{Path.GetRelativePath(Repository.Root, path)}:{line.Index + 1}: {line.Item.Trim()}",
        ];
        if (found.Length > 0)
        {
            Assert.Fail($"{rule}:{Environment.NewLine}{string.Join(Environment.NewLine, found)}");
        }
    }
}
