using System.IO.Compression;
using System.Xml.Linq;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>What <c>dotnet pack</c> writes.</summary>
[TestClass]
public sealed class PackageTests
{
    [TestMethod]
    public void Six_packages_are_written_with_their_symbols() => AssertSame(
        [.. new[] { "Onnx", "Transforms", "Pipelines", "Reports", "Hosting", "Trainers" }
            .SelectMany(_ => new[] { "nupkg", "snupkg" }, (library, kind) => $"MLNetAutoencoder.{library}.0.1.0.{kind}")],
        Directory.GetFiles(PackedLibraries.Folder).Select(path => Path.GetFileName(path)));

    [TestMethod]
    [DataRow("Onnx", "Google.Protobuf 3.30.2", "Microsoft.ML.OnnxRuntime.Managed 1.31.0")]
    [DataRow("Transforms",
        "MLNetAutoencoder.Onnx [0.1.0]", "Microsoft.ML 5.0.1", "Microsoft.ML.OnnxTransformer 5.0.1", "System.IO.Hashing 9.0.4")]
    [DataRow("Pipelines", "MLNetAutoencoder.Transforms [0.1.0]", "Microsoft.ML.OnnxConverter 0.23.1")]
    [DataRow("Reports", "MLNetAutoencoder.Transforms [0.1.0]", "OxyPlot.Core 2.2.0")]
    [DataRow("Hosting", "MLNetAutoencoder.Transforms [0.1.0]", "Microsoft.Extensions.DependencyInjection.Abstractions 8.0.2",
        "Microsoft.Extensions.Diagnostics.HealthChecks 8.0.34", "Microsoft.Extensions.Hosting.Abstractions 8.0.1",
        "Microsoft.Extensions.Options 8.0.2")]
    [DataRow("Trainers", "MLNetAutoencoder.Transforms [0.1.0]", "TorchSharp [0.107.0, 0.108.0)")]
    public void The_nuspec_names_the_real_packages(string library, params string[] expected)
    {
        using var package = Open(library);
        var group = Nuspec(package).Descendants().Single(element => element.Name.LocalName == "group");
        Assert.AreEqual("net8.0", group.Attribute("targetFramework")!.Value);
        AssertSame(expected, group.Elements().Select(one => $"{one.Attribute("id")!.Value} {one.Attribute("version")!.Value}"));
        // No dependency is cut down to parts of it (an "include", or an "exclude" beyond pack's own).
        foreach (var dependency in group.Elements())
        {
            Assert.IsNull(dependency.Attribute("include"), dependency.ToString());
            Assert.AreEqual("Build,Analyzers", dependency.Attribute("exclude")?.Value, dependency.ToString());
        }
    }

    [TestMethod]
    [DataRow("Onnx")]
    [DataRow("Transforms")]
    [DataRow("Pipelines")]
    [DataRow("Reports")]
    [DataRow("Hosting")]
    [DataRow("Trainers", "buildTransitive/MLNetAutoencoder.Trainers.targets")]
    public void A_package_holds_its_assembly_with_documentation_and_readme_and_nothing_else(string library, params string[] more)
    {
        using var package = Open(library);
        string id = $"MLNetAutoencoder.{library}";
        AssertSame(
            [$"{id}.nuspec", "README.md", "icon.png", $"lib/net8.0/{id}.dll", $"lib/net8.0/{id}.xml", .. more],
            package.Entries.Select(entry => entry.FullName).Where(name => !IsContainer(name)));
    }

    [TestMethod]
    [DataRow("Onnx")]
    [DataRow("Transforms")]
    [DataRow("Pipelines")]
    [DataRow("Reports")]
    [DataRow("Hosting")]
    [DataRow("Trainers")]
    public void A_package_describes_itself(string library)
    {
        using var package = Open(library);
        var metadata = Nuspec(package).Root!.Elements().Single().Elements()
            .ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.AreEqual($"MLNetAutoencoder.{library}", metadata["id"].Single());
        Assert.AreEqual("0.1.0", metadata["version"].Single());
        Assert.AreEqual("MIT", metadata["license"].Single());
        Assert.AreEqual("README.md", metadata["readme"].Single());
        Assert.AreEqual("icon.png", metadata["icon"].Single());
        StringAssert.Contains(metadata["releaseNotes"].Single(), "## 0.1.0");
        Assert.AreNotEqual("Package Description", metadata["description"].Single(), "pack's placeholder for a missing description");
    }

    private static void AssertSame(IEnumerable<string> expected, IEnumerable<string> found) =>
        Assert.AreEqual(string.Join('\n', expected.Order(StringComparer.Ordinal)), string.Join('\n', found.Order(StringComparer.Ordinal)));

    private static ZipArchive Open(string library) =>
        ZipFile.OpenRead(Path.Combine(PackedLibraries.Folder, $"MLNetAutoencoder.{library}.0.1.0.nupkg"));

    private static XDocument Nuspec(ZipArchive package)
    {
        using var stream = package.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open();
        return XDocument.Load(stream);
    }

    /// <summary>The parts that every package has as an Open Packaging container.</summary>
    private static bool IsContainer(string name) =>
        name == "[Content_Types].xml" || new[] { "_rels/", "package/" }.Any(folder => name.StartsWith(folder, StringComparison.Ordinal));
}
