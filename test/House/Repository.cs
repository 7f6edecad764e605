using System.Reflection;

namespace MLNetAutoencoder.Tests.House;

/// <summary>Where the repository lies and which supplier the tests were built with, as the project file recorded them.</summary>
internal static class Repository
{
    public static string Root { get; } = Recorded("RepositoryRoot");

    /// <summary><c>packages</c> or <c>polyfills</c>.</summary>
    public static string Supplier { get; } = Recorded("Supplier");

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>The files that people wrote under a folder: no build output, no downloads.</summary>
    public static IEnumerable<string> FilesUnder(string folder, string pattern) =>
        Directory.Exists(PathOf(folder))
            ? Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
                .Where(path => !Path.GetRelativePath(Root, path).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "node_modules"))
            : [];

    private static string Recorded(string key) => typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == key).Value!;
}
