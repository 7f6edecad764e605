namespace MLNetAutoencoder.Tool.Tables;

/// <summary>What a column holds, and so what becomes of it.</summary>
internal enum ColumnKind
{
    /// <summary>Numbers, which go in as they are.</summary>
    Number,

    /// <summary>Few texts that come again and again, which go in one-hot.</summary>
    Category,

    /// <summary>Texts that hardly come again, or numbers that count the rows. Left out.</summary>
    Id,

    /// <summary>Dates and times. Left out.</summary>
    Date,

    /// <summary>One value, or none. Left out.</summary>
    Constant,

    /// <summary>Lists, maps and bytes of a Parquet file. Left out.</summary>
    Unreadable,
}

/// <summary>What was found out about a column.</summary>
/// <param name="Index">Its place in the file.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="Missing">How many of the rows that were looked at have no value.</param>
/// <param name="HasOnlyNumbers">Whether every value is a number.</param>
internal sealed record ColumnProfile(int Index, string Name, ColumnKind Kind, int Missing, bool HasOnlyNumbers)
{
    /// <summary>Whether a model can be trained on it.</summary>
    public bool IsFeature => Kind is ColumnKind.Number or ColumnKind.Category;
}
