using System.Globalization;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>What a file says of a column's values by itself.</summary>
internal enum ColumnContent
{
    /// <summary>Text, as everything in a CSV file is; what it means is found by looking at it.</summary>
    Text,
    Number,
    Date,

    /// <summary>Lists, maps, bytes and such, which cannot be read.</summary>
    Unreadable,
}

/// <summary>A column of a table.</summary>
internal sealed record TableColumn(string Name, ColumnContent Content = ColumnContent.Text);

/// <summary>Goes through the rows of a table once, in their order.</summary>
internal abstract class TableReader(string fileName, TableOptions options) : IDisposable
{
    private readonly string[] _missing = [.. options.Missing];

    // Only then must a text be looked up before it is read as a number.
    private readonly bool _isMissingNumber = options.Missing.Any(text =>
        float.TryParse(text, CultureInfo.InvariantCulture, out float value) && float.IsFinite(value));

    /// <summary>The file's name as the user gave it.</summary>
    public string FileName => fileName;

    public abstract IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>What stands between the values of <see cref="AppendRow"/>.</summary>
    public abstract char Separator { get; }

    /// <summary>The number of the row, from 1; the header has none.</summary>
    public long Row { get; protected set; }

    /// <summary>Which share of the file has been read; null where that is not known.</summary>
    public abstract double? Fraction { get; }

    /// <summary>Whether the row has one value for each column; when not, what is wrong with it.</summary>
    public abstract string? Fault { get; }

    protected TableOptions Options => options;

    /// <summary>How numbers are written.</summary>
    protected virtual CultureInfo Culture => CultureInfo.InvariantCulture;

    /// <summary>Where the row stands, for messages.</summary>
    public virtual string Place => string.Create(CultureInfo.InvariantCulture, $"'{FileName}', row {Row}");

    /// <summary>Goes to the next row.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public abstract bool MoveNext();

    /// <summary>The text of a value; empty where it is missing.</summary>
    public abstract ReadOnlySpan<char> Text(int column);

    /// <summary>Reads a number, NaN where it is missing.</summary>
    /// <returns>False for what is neither a number nor missing.</returns>
    public abstract bool TryNumber(int column, out float value);

    /// <summary>
    /// Appends the whole row as a line of text without its end. Asked for before any of the row's values.
    /// </summary>
    public abstract void AppendRow(PendingRow destination);

    public abstract void Dispose();

    /// <summary>Reads a date and time whose year comes first; one with an offset becomes universal time.</summary>
    /// <returns>False for anything else, and for a missing one.</returns>
    public bool TryDate(int column, out DateTime value)
    {
        var text = Text(column);
        bool isDate = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            && text.IndexOfAny('-', '/') == 4;
        value = time.UtcDateTime;
        return isDate;
    }

    /// <summary>Reads a number of Double, such as seconds since 1970, whose digits a Single does not hold.</summary>
    /// <returns>False for anything else, and for a missing one.</returns>
    public bool TryDouble(int column, out double value) =>
        double.TryParse(Text(column), NumberStyles.Float, Culture, out value) && double.IsFinite(value);

    /// <summary>What is said of a value that should be a time.</summary>
    public string NoTime(int column, bool isDated) => $"{Place}, column '{Columns[column].Name}' has '{Shown(Text(column))}'; expected "
        + (isDated ? "a date and time with the year first, such as 2026-01-31 18:30:00." : "a time that is a number.");

    /// <summary>What is said of a value that should be a number.</summary>
    public string NoNumber(int column) => $"{Place}, column '{Columns[column].Name}' has '{Shown(Text(column))}'; expected a number.";

    protected bool IsMissing(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty)
            return true;
        foreach (string missing in _missing)
        {
            if (text.Equals(missing, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    /// <summary>Whether a text is to be looked up among the missing ones although it is a number.</summary>
    protected bool IsMissingNumber(ReadOnlySpan<char> text) => _isMissingNumber && IsMissing(text);

    /// <summary>A text from a file, short and without what would disturb a terminal.</summary>
    public static string Shown(ReadOnlySpan<char> text)
    {
        const int most = 40;
        string shown = string.Concat(text[..Math.Min(text.Length, most)].ToString().Select(character => char.IsControl(character) ? '�'
            : character));
        return text.Length > most ? shown + "..." : shown;
    }
}
