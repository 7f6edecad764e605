using System.IO.Enumeration;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Training;

/// <summary>Which columns a model is trained on.</summary>
internal sealed record ColumnChoice
{
    /// <summary>Names, or patterns with * and ?; nothing for all.</summary>
    public string[] Included { get; init; } = [];

    public string[] Excluded { get; init; } = [];

    public string? Label { get; init; }

    /// <summary>The time and the key of series, whose numbers alone are features.</summary>
    public string? Time { get; init; }

    public string? Key { get; init; }

    /// <summary>Kinds that are given rather than found.</summary>
    public IReadOnlyDictionary<string, ColumnKind> Kinds { get; init; } = new Dictionary<string, ColumnKind>(StringComparer.Ordinal);

    /// <summary>Puts each column where it belongs.</summary>
    /// <param name="profiles">What was found out about the columns.</param>
    /// <param name="fileName">The file, for messages.</param>
    /// <exception cref="UsageException">A name or a pattern fits no column.</exception>
    public ChosenColumn[] Choose(ColumnProfile[] profiles, string fileName)
    {
        string[] names = [.. profiles.Select(profile => profile.Name)];
        string[] exact = [.. Kinds.Keys, .. new[] { Label, Time, Key }.OfType<string>()];
        foreach (string pattern in Included.Concat(Excluded).Concat(exact))
        {
            if (!names.Contains(pattern) && (exact.Contains(pattern) || !names.Any(name => Fits(name, pattern))))
                throw new UsageException($"'{fileName}' has no column '{pattern}'; it has {string.Join(", ", names.Take(20))}"
                    + (names.Length > 20 ? FormattableString.Invariant($" and {names.Length - 20} more.") : "."));
        }
        return [.. profiles.Select(profile => Kinds.TryGetValue(profile.Name, out var kind) ? profile with { Kind = kind } : profile)
            .Select(profile => new ChosenColumn(profile, WhatFor(profile)))];
    }

    private ColumnUse WhatFor(ColumnProfile profile) =>
        profile.Name == Label ? ColumnUse.Label
        : profile.Name == Time ? ColumnUse.Time
        : profile.Name == Key ? ColumnUse.Key
        : Excluded.Any(pattern => Fits(profile.Name, pattern))
            || (Included.Length > 0 && !Included.Any(pattern => Fits(profile.Name, pattern)))
            ? ColumnUse.Excluded
        : profile.IsFeature && (Time is null || profile.Kind == ColumnKind.Number) ? ColumnUse.Feature : ColumnUse.LeftOut;

    // A name with a * of its own fits itself.
    private static bool Fits(string name, string pattern) =>
        name == pattern || FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}

/// <summary>What becomes of a column.</summary>
internal enum ColumnUse
{
    Feature,
    Label,

    /// <summary>The time of a step of a series.</summary>
    Time,

    /// <summary>What tells the series of a row.</summary>
    Key,

    /// <summary>Left out because the command line says so.</summary>
    Excluded,

    /// <summary>Left out because of its kind.</summary>
    LeftOut,
}

/// <summary>A column and what becomes of it.</summary>
internal sealed record ChosenColumn(ColumnProfile Profile, ColumnUse Use)
{
    /// <summary>The word for it in reports.</summary>
    public string Word => Use is ColumnUse.Feature or ColumnUse.LeftOut ? Profile.Kind.ToString().ToLowerInvariant()
        : Use.ToString().ToLowerInvariant();
}
