using System.Reflection;

namespace MLNetAutoencoder.Onnx;

/// <summary>The version of the package that a managed assembly came in, for messages.</summary>
internal static class PackageVersion
{
    public static string Of(Type type)
    {
        var assembly = type.Assembly;
        string? version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

        // What stands behind a plus sign is the commit that it was built from.
        return version?.Split('+')[0] ?? assembly.GetName().Version!.ToString();
    }
}
