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

    public static void Odd(int value, string option)
    {
        if (value < 1 || value % 2 == 0)
            throw new ArgumentOutOfRangeException(option, value, $"The option {option} is {value}; expected an odd number of at least 1.");
    }

    /// <summary>Strictly between two bounds; NaN is not.</summary>
    public static void Between(double value, double above, double below, string option)
    {
        if (!(value > above && value < below))
            throw new ArgumentOutOfRangeException(option, value, FormattableString.Invariant($"The option {option} is {value}; expected more than {above} and less than {below}."));
    }

    /// <summary>At least 0 and less than 1.</summary>
    public static void Share(double value, string option)
    {
        if (!(value >= 0 && value < 1))
            throw new ArgumentOutOfRangeException(option, value, FormattableString.Invariant($"The option {option} is {value}; expected at least 0 and less than 1."));
    }

    public static void NotNegative(double value, string option)
    {
        if (!(value >= 0 && value <= float.MaxValue))
            throw new ArgumentOutOfRangeException(option, value, FormattableString.Invariant($"The option {option} is {value}; expected 0 or more."));
    }

    /// <summary>Refuses two options together.</summary>
    public static void Not(bool refused, string option, object value, string other, object otherValue, string reason)
    {
        if (refused)
            throw new ArgumentException(FormattableString.Invariant($"The options {option} ({value}) and {other} ({otherValue}) cannot be combined: {reason}."), option);
    }

    public static void Defined<TEnum>(TEnum value, string option) where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new ArgumentOutOfRangeException(option, value, $"The option {option} is {value}; expected one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
    }

    public static void ColumnName(string? value, string option)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentException($"The option {option} is empty; expected the name of a column.", option);
    }
}
