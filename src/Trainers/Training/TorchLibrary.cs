using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>
/// Loads TorchSharp's native library, and says why it cannot be loaded: TorchSharp itself keeps the loader's reason
/// back.
/// </summary>
internal static partial class TorchLibrary
{
    private const string Name = "LibTorchSharp";

    /// <summary>Makes TorchSharp load its native library now.</summary>
    /// <exception cref="InvalidOperationException">It cannot be loaded; the message has the loader's reason and the ways out.</exception>
    public static void Require()
    {
        // Asked before TorchSharp, which would print a trace on standard output first and then blame a missing package.
        if (OperatingSystem.IsLinux() && FindLoadFailure() is { } failure && FindMissingVersion(failure.Message) is { } missing)
            throw new InvalidOperationException(missing.Explain(PackageVersion.Of(typeof(torch))), failure);
        try
        {
            torch.get_num_threads();
        }
        catch (Exception e)
            when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException
            or BadImageFormatException)
        {
            string windows = OperatingSystem.IsWindows() ? "On Windows take version 0.106.0: 0.107.0 does not load there. " : "";
            throw new InvalidOperationException(
                $"TorchSharp's native library is missing or does not fit its managed half ({PackageVersion.Of(typeof(torch))}). This " +
                    "library references the "
                + "managed half only; add one of the packages TorchSharp-cpu, TorchSharp-cuda-linux or TorchSharp-cuda-windows of the " +
                    "same version to the "
                + $"application that trains. {windows}An application that only scores needs none. The loader said: " +
                    $"{Shorten(FindLoadFailure()?.Message ?? e.GetBaseException().Message)}", e);
        }
    }

    /// <summary>The version of a system library that a loader's message misses, or null where that is not its reason.</summary>
    internal static MissingVersion? FindMissingVersion(string message)
    {
        var match = VersionNotFound().Match(message);
        return match.Success ? new MissingVersion(
            match.Groups["library"].Value, match.Groups["version"].Value, match.Groups["by"].Value) : null;
    }

    /// <summary>
    /// The lines of a loader's message that tell something: it tries many names, and says of each that there is no such
    /// file.
    /// </summary>
    internal static string Shorten(string message)
    {
        string[] lines = message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var telling = lines.Skip(1)
            .Where(line => !(line.Contains(Name, StringComparison.Ordinal) && line.Contains("No such file", StringComparison.Ordinal)));
        return string.Join(' ', telling.DefaultIfEmpty(lines.Length > 1 ? $"there is no file {Name} where it looks." : message));
    }

    private static DllNotFoundException? FindLoadFailure()
    {
        try
        {
            // It stays loaded: TorchSharp finds it there.
            NativeLibrary.Load(Name, typeof(torch).Assembly, null);
            return null;
        }
        catch (DllNotFoundException e)
        {
            return e;
        }
        catch (BadImageFormatException)
        {
            // For another processor: TorchSharp's own failure comes to the same.
            return null;
        }
    }

    // glibc's text: LIBRARY: version `VERSION' not found (required by FILE)
    [GeneratedRegex(@"^\s*(?<library>/.+): version `(?<version>\w+_[0-9.]+)' not found \(required by (?<by>.+)\)\s*$",
        RegexOptions.Multiline)]
    private static partial Regex VersionNotFound();

    /// <summary>A version of symbols that a library of the system lacks.</summary>
    /// <param name="Library">The library, such as <c>/lib/x86_64-linux-gnu/libstdc++.so.6</c>.</param>
    /// <param name="Version">The version wanted, such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <param name="RequiredBy">What wants it.</param>
    internal sealed record MissingVersion(string Library, string Version, string RequiredBy)
    {
        /// <summary>What is wrong, and the ways out.</summary>
        public string Explain(string torchSharp) =>
            $"The native library of TorchSharp {torchSharp} cannot be loaded on this system: '{RequiredBy}' wants the symbols {Version} " +
                $"of '{Library}', "
            + $"which {FindNewest()}. {(IsInert ? WaysOutForInert : "Train on a newer system.")} An application that only scores needs " +
                "no TorchSharp.";

        // The one version that MLNetAutoencoder.Trainers.targets treats.
        private bool IsInert => Version == "GLIBCXX_3.4.32" && Path.GetFileName(RequiredBy) == $"lib{Name}.so";

        private static string WaysOutForInert =>
            "Nothing of that version is really used, and the package MLNetAutoencoder.Trainers treats the library when an application is " +
                "built: build it again with a "
            + "direct or indirect reference to that package, without the property MLNetAutoencoderKeepTorchSharpAsIs. Or train on a " +
                "system with the libstdc++ of GCC 13 or "
            + "later, such as Debian 13 or Ubuntu 24.04.";

        /// <summary>The newest version of the same kind that the library has, as a part of a sentence.</summary>
        private string FindNewest()
        {
            try
            {
                string kind = Version[..(Version.IndexOf('_', StringComparison.Ordinal) + 1)];
                string text = Encoding.Latin1.GetString(File.ReadAllBytes(Library));
                string? newest = Regex.Matches(text, $@"{kind}\d+(\.\d+)+(?=\0)").Select(match => match.Value)
                    .MaxBy(found => System.Version.Parse(found[kind.Length..]));
                return newest is null ? "has none of that kind" : $"has {newest}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "cannot be read";
            }
        }
    }
}
