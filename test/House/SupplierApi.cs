using System.Reflection;

namespace MLNetAutoencoder.Tests.House;

/// <summary>
/// A supplier's public API as the repository knows it: a listing under polyfills/api, and the assemblies, real or polyfill,
/// that lie beside the running program.
/// </summary>
internal sealed record SupplierApi(string Name, string Version, Func<string, bool> Owns)
{
    /// <summary>The three suppliers. The packages split Microsoft.ML into many assemblies, the polyfill into few: all count as one.</summary>
    public static IReadOnlyList<SupplierApi> All { get; } =
    [
        new("Microsoft.ML", "5.0.0", assembly => Is(assembly, "Microsoft.ML") && !Is(assembly, "Microsoft.ML.OnnxRuntime")),
        new("Microsoft.ML.OnnxRuntime", "1.29.0", assembly => assembly == "Microsoft.ML.OnnxRuntime"),
        new("TorchSharp", "0.106.0", assembly => assembly == "TorchSharp"),
    ];

    public string ListingFile => $"{Name}-{Version}.txt";

    public IEnumerable<Assembly> Assemblies() => Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll")
        .Select(path => Path.GetFileNameWithoutExtension(path))
        .Where(Owns)
        .Order(StringComparer.Ordinal)
        .Select(name => Assembly.Load(new AssemblyName(name)));

    private static bool Is(string assembly, string name) => assembly == name || assembly.StartsWith(name + ".", StringComparison.Ordinal);
}
