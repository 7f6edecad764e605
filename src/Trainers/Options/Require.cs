namespace MLNetAutoencoder;

/// <summary>Checks of options: each message names the option, what was found and what is expected.</summary>
internal static class Require
{
    public static void NotNull([System.Diagnostics.CodeAnalysis.NotNull] object? value, string option)
    {
        if (value is null)
            throw new ArgumentNullException(option, $"The option {option} is null; expected a value.");
    }

    public static void AtLeast(int value, int least, string option)
    {
        if (value < least)
            throw new ArgumentOutOfRangeException(option, value, $"The option {option} is {value}; expected at least {least}.");
    }

    /// <summary>A number of threads; beyond what OpenMP keeps on a thread's stack, the process ends.</summary>
    public static void Threads(int? value, string option)
    {
        const int most = 1024;
        if (value is < 1 or > most)
            throw new ArgumentOutOfRangeException(
                option, value, $"The option {option} is {value}; expected at least 1 and at most {most}.");
    }

    public static void Odd(int value, string option)
    {
        if (value < 1 || value % 2 == 0)
            throw new ArgumentOutOfRangeException(option, value, $"The option {option} is {value}; expected an odd number of at least 1.");
    }

    /// <summary>Strictly between two bounds; NaN is not.</summary>
    public static void Between(double value, double above, double below, string option)
    {
        if (!(value > above && value < below))
            throw new ArgumentOutOfRangeException(
                option, value, FormattableString.Invariant(
                $"The option {option} is {value}; expected more than {above:G8} and less than {below:G8}."));
    }

    /// <summary>At least 0 and less than 1.</summary>
    public static void Share(double value, string option)
    {
        if (!(value >= 0 && value < 1))
            throw new ArgumentOutOfRangeException(
                option, value, FormattableString.Invariant($"The option {option} is {value}; expected at least 0 and less than 1."));
    }

    /// <summary>At least 0, and what a Single holds.</summary>
    public static void NotNegative(double value, string option)
    {
        if (!(value >= 0 && value <= float.MaxValue))
            throw new ArgumentOutOfRangeException(
                option, value, FormattableString.Invariant(
                $"The option {option} is {value}; expected at least 0 and at most {float.MaxValue}."));
    }

    /// <summary>Refuses two options together.</summary>
    public static void Not(bool refused, string option, object value, string other, object otherValue, string reason)
    {
        if (refused)
            throw new ArgumentException(FormattableString.Invariant(
                $"The options {option} ({value}) and {other} ({otherValue}) cannot be combined: {reason}."), option);
    }

    public static void Defined<TEnum>(TEnum value, string option) where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new ArgumentOutOfRangeException(
                option, value, $"The option {option} is {value}; expected one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
    }

    public static void ColumnName(string? value, string option) => Text(value, option, "the name of a column");

    /// <summary>More than white space.</summary>
    public static void Text(string? value, string option, string expected)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentException($"The option {option} is {(value is null ? "null" : "empty")}; expected {expected}.", option);
    }
}
