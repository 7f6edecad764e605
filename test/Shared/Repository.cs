using System.Reflection;

namespace MLNetAutoencoder.Tests;

/// <summary>Where the repository lies, as the project file recorded it.</summary>
internal static class Repository
{
    public static string Root { get; } = Recorded("RepositoryRoot");

    /// <summary>Whether the tests were built with <c>-p:Gpu=true</c>, which has a folder of outputs of its own.</summary>
    public static bool IsGpuBuild { get; } = AppContext.BaseDirectory.StartsWith(PathOf("artifacts", "gpu"), StringComparison.Ordinal);

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The files that people wrote under a folder: no build output, no downloads.</summary>
    public static IEnumerable<string> FilesUnder(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ? Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
                .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar)
                    .Any(part => part is "bin" or "obj" or "node_modules"))
            : [];

    private static string Recorded(string key) => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
