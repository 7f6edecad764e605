namespace MLNetAutoencoder.Tests.Interop;

/// <summary>An application outside the repository that takes our packages as an application of a user does.</summary>
internal sealed class PackedApplication
{
    /// <param name="name">The name of its folder.</param>
    /// <param name="properties">More properties of its project.</param>
    /// <param name="packages">What it takes: of ours the names, of others the names and versions, such as "A 1.0.0".</param>
    /// <param name="files">The names of its source files, and what stands in them.</param>
    public PackedApplication(string name, string properties, string[] packages, params (string Name, string Text)[] files)
    {
        Folder = Directory.CreateDirectory(Path.Combine(PackedLibraries.Root, name)).FullName;
        var references = packages.Select(package => package.Split(' ')).Select(parts =>
            $"""<PackageReference Include="{parts[0]}" Version="{(parts.Length > 1 ? parts[1] : PackedLibraries.Version)}" />""");
        Write("Application.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <OutputType>Exe</OutputType>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <Configuration>Release</Configuration>
                <CreateSymbolicLinksForCopyLocalIfPossible>true</CreateSymbolicLinksForCopyLocalIfPossible>
                <CreateHardLinksForPublishFilesIfPossible>true</CreateHardLinksForPublishFilesIfPossible>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                {string.Join("\n    ", references)}
              </ItemGroup>
            </Project>
            """);
        foreach (var (file, text) in files)
            Write(file, text);
    }

    public string Folder { get; }

    /// <summary>The folder of what is built or published, beside that of the source.</summary>
    public string Output => Folder + "-output";

    /// <summary>What it takes from others, as the repository does.</summary>
    public static string OnnxRuntime { get; } = $"Microsoft.ML.OnnxRuntime {PackedLibraries.VersionOf("OnnxRuntime")}";

    /// <inheritdoc cref="OnnxRuntime"/>
    public static string TorchSharp { get; } = $"TorchSharp-cpu {PackedLibraries.VersionOf("TorchSharp")}";

    public string Dotnet(params string[] arguments) => Dotnet(Folder, arguments);

    /// <summary>Runs a command in a folder of a project, with what the applications have restored.</summary>
    public static string Dotnet(string project, params string[] arguments)
    {
        var (code, text) = PackedLibraries.Run("dotnet", project, PackedLibraries.Restored, [.. arguments, "-nodeReuse:false", "-nologo"]);
        Assert.AreEqual(0, code, $"dotnet {string.Join(' ', arguments)}\n{text}");
        return text;
    }

    /// <summary>Runs what was built or published.</summary>
    public (int Code, string Output) Run(string working)
    {
        // Otherwise TorchSharp copies what it misses out of the folder of packages.
        string none = Directory.CreateDirectory(Path.Combine(PackedLibraries.Root, "none")).FullName;
        return PackedLibraries.Run(Path.Combine(Output, "Application"), working, none);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);
}
