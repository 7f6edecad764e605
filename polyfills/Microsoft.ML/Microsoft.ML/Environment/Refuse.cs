using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The refusals of the package: each helper names the exception type that callers of the package see.</summary>
internal static class Refuse
{
    internal static void Null([NotNull] object value, string parameter)
    {
        if (value is null)
            throw new ArgumentNullException(parameter);
    }

    internal static void Empty(string value, string parameter)
    {
        if (string.IsNullOrEmpty(value))
            throw new ArgumentOutOfRangeException(parameter, $"{parameter} cannot be null or empty");
    }

    internal static void Blank(string value, string parameter)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentOutOfRangeException(parameter, $"{parameter} cannot be null or white space");
    }

    internal static void Unless([DoesNotReturnIf(false)] bool condition, string parameter)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(parameter);
    }

    internal static void Unless([DoesNotReturnIf(false)] bool condition, string parameter, string message)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(parameter, message);
    }

    internal static void StateUnless([DoesNotReturnIf(false)] bool condition, string message)
    {
        if (!condition)
            throw new InvalidOperationException(message);
    }

    internal static void FormatUnless([DoesNotReturnIf(false)] bool condition, string message = "Corrupt model file")
    {
        if (!condition)
            throw new FormatException(message);
    }

    internal static Exception MissingColumn(string parameter, string role, string name) =>
        new ArgumentOutOfRangeException(parameter, $"Could not find {role} column '{name}'");

    internal static Exception WrongColumn(string parameter, string role, string name, string expected, string actual) =>
        new ArgumentOutOfRangeException(parameter, $"Schema mismatch for {role} column '{name}': expected {expected}, got {actual}");
}
