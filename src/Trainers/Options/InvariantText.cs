using System.Globalization;

namespace MLNetAutoencoder;

/// <summary>Options as text for the metadata, which must not depend on where a model was fitted.</summary>
internal static class InvariantText
{
    /// <summary>The text of a record, with its numbers in the invariant culture: a record's own takes the thread's.</summary>
    public static string? Of(object? record)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return record?.ToString();
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
