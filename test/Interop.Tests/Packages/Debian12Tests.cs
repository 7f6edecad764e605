using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace MLNetAutoencoder.Tests.Interop;

/// <summary>
/// Applications of our packages load TorchSharp where libstdc++ is older than GCC 13's: the build puts a treated copy
/// of its library into the output. The application lies outside the repository and uses the packed packages.
/// </summary>
[TestClass]
[OSCondition(OperatingSystems.Linux)]
public sealed class Debian12Tests
{
    private const string Library = "libLibTorchSharp.so", PathInPackage = $"runtimes/linux-x64/native/{Library}",
        KeepAsIs = "-p:MLNetAutoencoderKeepTorchSharpAsIs=true";
    private const string Version = "GLIBCXX_3.4.32", Marker = "_ZSt21ios_base_library_initv";

    private static readonly string[] LeftOut =
        ["libtorch_python", "libshm", "libtorch_global_deps", "libjitbackend_test", "libtorchbind_test", "libbackend_with_compiler",
            "libaoti_custom_ops", "libnnapi_backend"];

    private static readonly string s_torchSharp =
        Path.Combine(PackedLibraries.Machine, "torchsharp", PackedLibraries.VersionOf("TorchSharp"));

    private static PackedApplication application = null!;
    private static string before = "";

    private static string Output => application.Output;

    [ClassInitialize]
    public static void Restore(TestContext context)
    {
        before = Describe(s_torchSharp);
        application = new PackedApplication("debian12", """
            <RuntimeIdentifiers>linux-x64</RuntimeIdentifiers>
            <EnableRuntimePackDownload>false</EnableRuntimePackDownload>
            """, ["MLNetAutoencoder.Trainers", PackedApplication.TorchSharp], ("Program.cs", """
            var library = System.Reflection.Assembly.Load("MLNetAutoencoder.Trainers");
            var sum = TorchSharp.torch.ones(3).sum();
            System.Console.WriteLine($"sum {TorchSharp.TensorExtensionMethods.ToSingle(sum)} with {library.GetName().Name}");
            """), ("Directory.Build.targets", """
            <Project>
              <!-- A framework-dependent application needs no runtime pack, but without this target restore would download one. -->
              <Target Name="NeedNoRuntimePack" AfterTargets="ProcessFrameworkReferences">
                <ItemGroup><RuntimePack Remove="@(RuntimePack)" /></ItemGroup>
              </Target>
            </Project>
            """));
        application.Dotnet("restore");
    }

    [TestCleanup]
    public void Check()
    {
        if (Directory.Exists(Output))
            Directory.Delete(Output, recursive: true);
        Assert.AreEqual(before, Describe(s_torchSharp), "the package folder is untouched");
    }

    [TestMethod]
    [DataRow("portable, linked", "runtimes/linux-x64/native")]
    [DataRow("linux-x64, copied", "", "-r", "linux-x64", "--no-self-contained", "-p:CreateSymbolicLinksForCopyLocalIfPossible=false")]
    public void A_built_application_loads_TorchSharp(string name, string natives, params string[] arguments)
    {
        application.Dotnet(["build", "--no-restore", "-o", Output, .. arguments]);
        AssertLoads(natives, name);
        AssertLeftOut();
    }

    [TestMethod]
    [DataRow("portable", "runtimes/linux-x64/native")]
    [DataRow("linux-x64", "", "-r", "linux-x64", "--no-self-contained")]
    [DataRow("single file", "", "-r", "linux-x64", "--no-self-contained", "-p:PublishSingleFile=true")]
    public void A_published_application_loads_TorchSharp(string name, string natives, params string[] arguments)
    {
        application.Dotnet(["publish", "--no-restore", "-o", Output, .. arguments]);
        AssertLoads(natives, name);
        AssertLeftOut();
    }

    [TestMethod]
    public void A_second_build_does_nothing()
    {
        application.Dotnet("build", "--no-restore", "-o", Output);
        string treated = Path.Combine(application.Folder, "obj", "Release", "net10.0", "torchsharp", Library);
        var time = File.GetLastWriteTimeUtc(treated);
        string second = application.Dotnet("build", "--no-restore", "-o", Output, "-v:normal");
        StringAssert.Matches(second, new Regex("""Skipping target "_MlaeWeakenTorchSharp" because all output files are up-to-date"""));
        Assert.AreEqual(time, File.GetLastWriteTimeUtc(treated));
    }

    /// <summary>Clean deletes before it resolves the packages, and rebuild resolves them once for both.</summary>
    [TestMethod]
    public void A_rebuilt_application_loads_TorchSharp()
    {
        application.Dotnet("build", "--no-restore", "--no-incremental", "-o", Output);
        AssertLoads("runtimes/linux-x64/native", "rebuilt");
    }

    [TestMethod]
    public void The_property_keeps_TorchSharp_as_it_is()
    {
        string natives = Path.Combine(Output, "runtimes/linux-x64/native");
        application.Dotnet("build", "--no-restore", "-o", Output, KeepAsIs);
        Assert.AreSequenceEqual(File.ReadAllBytes(Path.Combine(s_torchSharp, PathInPackage)),
            File.ReadAllBytes(Path.Combine(natives, Library)));
        foreach (string library in LeftOut)
            Assert.IsTrue(File.Exists(Path.Combine(natives, library + ".so")), library);

        string? system = SystemLibrary();
        if (system is null || Find(File.ReadAllBytes(system), Version) >= 0)
            Assert.Inconclusive(
                $"This system's libstdc++ is new enough for TorchSharp's library as it is: {system ?? "none"} has {Version}.");
        var (code, text) = application.Run(Output);
        Assert.AreNotEqual(0, code, text);
    }

    /// <summary>What is not the expected library is left alone, with a reason, and the build goes on.</summary>
    [TestMethod]
    public void Only_the_expected_library_is_treated()
    {
        var samples = Samples(File.ReadAllBytes(Path.Combine(s_torchSharp, PathInPackage))).ToArray();
        string project = WriteSamples("samples", samples);
        string first = PackedApplication.Dotnet(project, "build");
        foreach (var sample in samples)
        {
            string[] item = ReadItem(project, sample.Name);
            Assert.AreSequenceEqual([Library, "TorchSharp", PathInPackage], item[1..], $"{sample.Name}: metadata of the item");
            string kept = Path.Combine(project, "obj", sample.Name, "torchsharp", "kept.txt");
            bool warned = first.Contains($"{sample.Name}.so : warning MLAE0001: ", StringComparison.Ordinal);
            if (File.Exists(kept))
            {
                Assert.AreEqual(Path.Combine(project, "libraries", sample.Name + ".so"), item[0]);
                StringAssert.Matches(File.ReadAllText(kept), new Regex(sample.Kept ?? "^$"), sample.Name);
                Assert.AreEqual(sample.Warns ?? warned, warned, $"{sample.Name}: the warning; {File.ReadAllText(kept)}");
            }
            else
            {
                Assert.IsTrue(sample.Kept is null or ".", $"{sample.Name} is treated; expected: {sample.Kept}");
                Assert.IsFalse(warned, $"{sample.Name}: warns");
                AssertTreated(sample.Content, File.ReadAllBytes(item[0]), sample.Name);
            }
        }

        var written = Directory.GetFiles(Path.Combine(project, "obj"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetFileName(path) != "item.txt").ToDictionary(path => path, File.GetLastWriteTimeUtc);
        string second = PackedApplication.Dotnet(project, "build");
        Assert.DoesNotContain("MLAE0001", second, "the second build looks again");
        foreach (var (path, time) in written)
            Assert.AreEqual(time, File.GetLastWriteTimeUtc(path), path);
    }

    /// <summary>Also by an older one: packages keep the dates of their files.</summary>
    [TestMethod]
    public void A_changed_library_is_looked_at_again()
    {
        byte[] expected = File.ReadAllBytes(Path.Combine(s_torchSharp, PathInPackage));
        string project = WriteSamples("changed", new Sample("library", expected, null));
        string library = Path.Combine(project, "libraries", "library.so");
        string treated = Path.Combine(project, "obj", "library", "torchsharp", Library);
        PackedApplication.Dotnet(project, "build");
        Assert.AreEqual(treated, ReadItem(project, "library")[0]);

        File.WriteAllBytes(library, Replaced(expected, Version, "GLIBCXX_3.4.30"));
        File.SetLastWriteTimeUtc(library, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        PackedApplication.Dotnet(project, "build");
        Assert.AreEqual(library, ReadItem(project, "library")[0]);
        Assert.IsFalse(File.Exists(treated), "the copy of the earlier library is gone");

        File.WriteAllBytes(library, expected);
        PackedApplication.Dotnet(project, "build");
        Assert.AreEqual(treated, ReadItem(project, "library")[0]);
    }

    /// <summary>
    /// A library, the pattern of the reason why it is kept (null: it is treated; ".": either) and whether the build
    /// warns (null: either).
    /// </summary>
    private sealed record Sample(string Name, byte[] Content, string? Kept, bool? Warns = null);

    private static IEnumerable<Sample> Samples(byte[] expected)
    {
        byte[] treated = [.. expected];
        var (symbols, versions, needs, relocations) = (
            SectionOf(expected, 11), SectionOf(expected, 0x6fffffff), SectionOf(expected, 0x6ffffffe), SectionOf(expected, 4));
        int need = NeedOf(expected, needs), marker = MarkerOf(expected, symbols);
        treated[need + 4] |= 2;

        yield return new("expected", expected, null);
        yield return new("treated", treated, "is weak already", Warns: false);
        yield return new("other-version", Replaced(expected, Version, "GLIBCXX_3.4.33"), $"does not need {Regex.Escape(Version)}",
            Warns: false);
        yield return new("other-program", File.ReadAllBytes(Environment.ProcessPath!), "does not need|needs no symbol versions",
            Warns: false);
        yield return new("empty", [], "not a 64-bit little-endian ELF", Warns: true);
        yield return new("text", Encoding.ASCII.GetBytes(new string('x', 1000)), "not a 64-bit little-endian ELF", Warns: true);
        yield return new("32-bit", Changed(expected, 4, 1), "not a 64-bit little-endian ELF", Warns: true);
        yield return new("big-endian", Changed(expected, 5, 2), "not a 64-bit little-endian ELF", Warns: true);
        yield return new("other-symbol", Replaced(expected, Marker, Marker[..^1] + "w"), "for _ZSt21ios_base_library_initw", Warns: true);
        yield return new("two-symbols", Changed(expected, versions.Offset + 2, expected[need + 6], 0),
            $"needs {Regex.Escape(Version)} for ", Warns: true);
        yield return new("no-symbol", Changed(expected, versions.Offset + 2 * marker, 1, 0), "none of its symbols", Warns: true);
        yield return new("used-symbol", Changed(expected, relocations.Offset + 24 * 7 + 12, BitConverter.GetBytes(marker)),
            $"it uses {Marker}", Warns: true);
        yield return new("endless-needs", Changed(expected, needs.Offset + 12, 1, 0, 0, 0), "damaged", Warns: true);

        var random = new Random(12);
        for (int i = 0; i < 6; i++)
            yield return new($"truncated-{i}", expected[..random.Next(64, expected.Length)], "damaged", Warns: true);
        // The damaged bytes are among those that the treatment reads.
        (int Offset, int Size)[] read = [(0, 64), (BitConverter.ToInt32(expected, 0x28), 64 * 12), needs, versions, (symbols.Offset, 4096)];
        for (int i = 0; i < 20; i++)
        {
            byte[] damaged = [.. expected];
            for (int left = random.Next(1, 9); left > 0; left--)
            {
                var (offset, size) = read[random.Next(read.Length)];
                damaged[offset + random.Next(size)] = (byte)random.Next(256);
            }
            yield return new($"damaged-{i}", damaged, ".");
        }
    }

    private static void AssertTreated(byte[] source, byte[] treated, string name)
    {
        Assert.HasCount(source.Length, treated, name);
        int[] changed = [.. Enumerable.Range(0, source.Length).Where(i => source[i] != treated[i])];
        Assert.HasCount(1, changed, $"{name}: changed bytes");
        Assert.AreEqual(source[changed[0]] | 2, treated[changed[0]], name);
    }

    private static void AssertLoads(string natives, string name)
    {
        AssertTreated(File.ReadAllBytes(Path.Combine(s_torchSharp, PathInPackage)),
            File.ReadAllBytes(Path.Combine(Output, natives, Library)), name);
        var (code, text) = application.Run(Output);
        Assert.AreEqual(0, code, $"{name}: {text}");
        StringAssert.Contains(text, "sum 3 with MLNetAutoencoder.Trainers", name);
        string deps = Path.Combine(Output, "Application.deps.json");
        if (name == "single file")
            Assert.IsFalse(File.Exists(deps), "the deps.json is inside the file");
        else
            Assert.IsTrue(File.ReadAllText(deps).Contains($"\"{PathInPackage}\"", StringComparison.Ordinal),
                $"{name}: deps.json names the library");
    }

    private static void AssertLeftOut()
    {
        string[] names = [.. Directory.EnumerateFiles(Output, "*", SearchOption.AllDirectories).Select(path => Path.GetFileName(path))];
        CollectionAssert.Contains(names, "libtorch_cpu.so");
        string deps = Path.Combine(Output, "Application.deps.json"), listed = File.Exists(deps) ? File.ReadAllText(deps) : "";
        foreach (string library in LeftOut)
        {
            Assert.IsFalse(names.Any(name => name.StartsWith(library + ".", StringComparison.Ordinal)), library);
            Assert.IsFalse(listed.Contains($"/{library}.", StringComparison.Ordinal), $"{library} in deps.json");
        }
    }

    /// <summary>A project whose packages "resolve" to one of the libraries; it builds itself for each.</summary>
    private static string WriteSamples(string name, params Sample[] samples)
    {
        string project = Directory.CreateDirectory(Path.Combine(PackedLibraries.Root, "debian12-" + name)).FullName;
        Directory.CreateDirectory(Path.Combine(project, "libraries"));
        foreach (var sample in samples)
            File.WriteAllBytes(Path.Combine(project, "libraries", sample.Name + ".so"), sample.Content);
        string targets = Directory.GetFiles(Path.Combine(PackedLibraries.Restored, "mlnetautoencoder.trainers"), "*.targets",
            SearchOption.AllDirectories).Single();
        File.WriteAllText(Path.Combine(project, "samples.proj"), $"""
            <Project DefaultTargets="All">
              <PropertyGroup>
                <CopyLocalLockFileAssemblies>true</CopyLocalLockFileAssemblies>
                <IntermediateOutputPath>obj/$(Sample)/</IntermediateOutputPath>
              </PropertyGroup>
              <Target Name="Restore" />
              <Target Name="All">
                <ItemGroup><Library Include="libraries/*" /></ItemGroup>
                <MSBuild Projects="$(MSBuildProjectFullPath)" Targets="One" Properties="Sample=%(Library.Filename)" />
              </Target>
              <Target Name="ResolvePackageAssets">
                <ItemGroup>
                  <NativeCopyLocalItems Include="$(MSBuildProjectDirectory)/libraries/$(Sample).so" PathInPackage="{PathInPackage}"
                                        DestinationSubPath="{Library}" NuGetPackageId="TorchSharp" />
                </ItemGroup>
              </Target>
              <Target Name="One" DependsOnTargets="ResolvePackageAssets">
                <WriteLinesToFile File="obj/$(Sample)/item.txt" Overwrite="true"
                  Lines="@(NativeCopyLocalItems->'%(Identity)|%(DestinationSubPath)|%(NuGetPackageId)|%(PathInPackage)')" />
              </Target>
              <Import Project="{targets}" />
            </Project>
            """);
        return project;
    }

    /// <summary>The item after the treatment: path, destination, package, path in the package.</summary>
    private static string[] ReadItem(string project, string sample) =>
        File.ReadAllLines(Path.Combine(project, "obj", sample, "item.txt")).Single().Split('|');

    private static int NeedOf(byte[] library, (int Offset, int Size) needs)
    {
        // The entry's name is the offset of its text among the strings that follow the symbols.
        int name = Find(library, Version) - StringsOf(library);
        return Enumerable.Range(0, needs.Size / 16).Select(i => needs.Offset + 16 * i)
            .Single(at => BitConverter.ToInt32(library, at + 8) == name && library[at + 6] > 1);
    }

    private static int MarkerOf(byte[] library, (int Offset, int Size) symbols)
    {
        int name = Find(library, Marker) - StringsOf(library);
        return Enumerable.Range(0, symbols.Size / 24).Single(i => BitConverter.ToInt32(library, symbols.Offset + 24 * i) == name);
    }

    private static int StringsOf(byte[] library) => SectionOf(library, 3).Offset;

    /// <summary>The first section of a type.</summary>
    private static (int Offset, int Size) SectionOf(byte[] library, uint type)
    {
        int at = BitConverter.ToInt32(library, 0x28);
        while (BitConverter.ToUInt32(library, at + 4) != type)
            at += 64;
        return (BitConverter.ToInt32(library, at + 24), BitConverter.ToInt32(library, at + 32));
    }

    private static int Find(byte[] content, string text) => content.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text + "\0"));

    private static byte[] Replaced(byte[] content, string text, string other) =>
        Changed(content, Find(content, text), Encoding.ASCII.GetBytes(other));

    private static byte[] Changed(byte[] content, int at, params byte[] bytes)
    {
        byte[] changed = [.. content];
        bytes.CopyTo(changed, at);
        return changed;
    }

    /// <summary>This process has it loaded.</summary>
    private static string? SystemLibrary() => File.ReadLines("/proc/self/maps")
        .Where(line => line.Contains("/libstdc++.so.6", StringComparison.Ordinal))
        .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..]).FirstOrDefault();

    /// <summary>Name, size and date of all files, and the library's hash.</summary>
    private static string Describe(string package)
    {
        var files = new DirectoryInfo(package).EnumerateFiles("*", SearchOption.AllDirectories)
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.FullName} {file.Length} {file.LastWriteTimeUtc:O}"));
        return string.Join('\n', files) + '\n' + Convert.ToHexString(
            SHA256.HashData(File.ReadAllBytes(Path.Combine(package, PathInPackage))));
    }
}
