namespace MLNetAutoencoder.Onnx;

/// <summary>Checks of options: each message names the option, what was found and what is expected.</summary>
internal static class Require
{
    public static void NotNull([System.Diagnostics.CodeAnalysis.NotNull] object? value, string option)
    {
        if (value is null)
            throw new ArgumentNullException(option, $"The option {option} is null; expected a value.");
    }

    /// <summary>A whole number of at least <paramref name="least"/>, or null.</summary>
    public static void AtLeast(int? value, int least, string option) => InRange(!(value < least), value, option, $"at least {least}");

    /// <summary>A value that lies where it is expected.</summary>
    public static void InRange(bool isInRange, object? value, string option, string expected)
    {
        if (!isInRange)
            throw new ArgumentOutOfRangeException(
                option, value, FormattableString.Invariant($"The option {option} is {value}; expected {expected}."));
    }

    /// <summary>A number of threads; beyond what OpenMP keeps on a thread's stack, the process ends.</summary>
    public static void Threads(int? value, string option)
    {
        const int most = 1024;
        InRange(value is not (< 1 or > most), value, option, $"at least 1 and at most {most}");
    }

    public static void Odd(int value, string option) =>
        InRange(value >= 1 && value % 2 != 0, value, option, "an odd number of at least 1");

    /// <summary>Strictly between two bounds; NaN is not.</summary>
    public static void Between(double value, double above, double below, string option) =>
        InRange(value > above && value < below, value, option,
            FormattableString.Invariant($"more than {above:G8} and less than {below:G8}"));

    /// <summary>At least 0 and less than 1.</summary>
    public static void Share(double value, string option) => InRange(value is >= 0 and < 1, value, option, "at least 0 and less than 1");

    /// <summary>At least 0, and what a Single holds.</summary>
    public static void NotNegative(double value, string option) =>
        InRange(value is >= 0 and <= float.MaxValue, value, option,
            FormattableString.Invariant($"at least 0 and at most {float.MaxValue}"));

    /// <summary>Refuses two options together.</summary>
    public static void Not(bool refused, string option, object value, string other, object otherValue, string reason)
    {
        if (refused)
            throw new ArgumentException(FormattableString.Invariant(
                $"The options {option} ({value}) and {other} ({otherValue}) cannot be combined: {reason}."), option);
    }

    public static void Defined<TEnum>(TEnum value, string option) where TEnum : struct, Enum =>
        InRange(Enum.IsDefined(value), value, option, $"one of {string.Join(", ", Enum.GetNames<TEnum>())}");

    /// <summary>Reads a file that there must be.</summary>
    public static byte[] File(string path, string expected, string kind)
    {
        IsFile(path, expected, kind);
        return System.IO.File.ReadAllBytes(path);
    }

    public static void IsFile(string path, string expected, string kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!System.IO.File.Exists(path))
            throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder; expected {expected}."
                : $"The {kind} '{path}' does not exist.", path);
    }

    public static void ColumnName(string? value, string option) => Text(value, option, "the name of a column");

    /// <summary>More than white space.</summary>
    public static void Text(string? value, string option, string expected)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentException($"The option {option} is {(value is null ? "null" : "empty")}; expected {expected}.", option);
    }
}
