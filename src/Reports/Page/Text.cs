using System.Globalization;
using System.Text;

namespace MLNetAutoencoder;

/// <summary>Numbers and names as the report writes them.</summary>
internal static class Text
{
    private const int LongestName = 80;

    /// <summary>A number with four digits, or all before the point.</summary>
    public static string Number(double value)
    {
        double size = Math.Abs(value);
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "missing" : value > 0 ? "∞" : "−∞";
        string text = size is 0 or (>= 1e-3 and < 1e3) ? value.ToString("G4", CultureInfo.InvariantCulture)
            : size is >= 1e3 and < 1e6 ? value.ToString("#,0", CultureInfo.InvariantCulture)
            : value.ToString("0.##E+0", CultureInfo.InvariantCulture).Replace("E+", " × 10^", StringComparison.Ordinal)
                .Replace("E-", " × 10^-", StringComparison.Ordinal);
        return Superscript(text).Replace('-', '−');
    }

    /// <summary>A number beside an axis: powers of ten are short.</summary>
    public static string Tick(double value)
    {
        const string one = "1 × ";
        string text = Number(value);
        return text.StartsWith(one, StringComparison.Ordinal) ? text[one.Length..] : text;
    }

    /// <summary>A whole number.</summary>
    public static string Count(long value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number of things, in the singular for one.</summary>
    public static string Count(long value, string one, string? several = null) =>
        $"{Count(value)} {(value == 1 ? one : several ?? one + "s")}";

    /// <summary>A share in percent, with as many digits as it needs.</summary>
    public static string Percent(double share)
    {
        double percent = 100 * share;
        return double.IsNaN(share) ? "none"
            : percent.ToString(Math.Abs(percent) is 0 or (>= 9.95 and < 99) ? "0" : Math.Abs(percent) >= 99 ? "0.##"
                : Math.Abs(percent) >= 0.095 ? "0.#" : "0.0##",
                CultureInfo.InvariantCulture) + "\u00A0%";
    }

    /// <summary>A part of a whole in percent.</summary>
    public static string Percent(long part, long whole) => Percent(whole == 0 ? double.NaN : (double)part / whole);

    /// <summary>The rule of a threshold in words; false-alarm rates in percent.</summary>
    public static string Rule(string rule) => FalseAlarmRate(rule) is { } rate ? $"{Percent(rate)} false alarms" : rule;

    /// <summary>The false-alarm rate that a threshold is chosen by; null for another rule.</summary>
    public static double? FalseAlarmRate(string rule)
    {
        const string start = "false-alarm rate ";
        return rule.StartsWith(start, StringComparison.Ordinal)
            && double.TryParse(rule[start.Length..], CultureInfo.InvariantCulture, out double rate) ? rate : null;
    }

    /// <summary>A name that somebody else chose, cut where it is very long.</summary>
    public static string Shorten(string name, int longest = LongestName)
    {
        if (name.Length <= longest)
            return name;
        int length = char.IsHighSurrogate(name[longest - 1]) ? longest - 1 : longest;
        return name[..length] + "…";
    }

    /// <summary>
    /// Text without what could change how other text looks, or what XML has no place for: control characters, lone
    /// surrogates, and those that change the direction of text until further notice become U+FFFD.
    /// </summary>
    public static string Clean(string text)
    {
        if (!text.Any(IsSuspect))
            return text;
        var clean = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (i < text.Length - 1 && char.IsSurrogatePair(text[i], text[i + 1]))
                clean.Append(text[i]).Append(text[++i]);
            else
                clean.Append(IsSuspect(text[i]) ? '\uFFFD' : text[i]);
        }
        return clean.ToString();
    }

    private static bool IsSuspect(char c) => (char.IsControl(c) && c is not ('\n' or '\t')) || char.IsSurrogate(c)
        || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or (>= '\uFFFE') or '\u2028' or '\u2029';

    private static string Superscript(string text)
    {
        int at = text.IndexOf('^', StringComparison.Ordinal);
        return at < 0 ? text : text[..at] + string.Concat(text[(at + 1)..].Select(c => c == '-' ? '⁻' : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c - '0']));
    }
}
