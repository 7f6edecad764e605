using System.Globalization;

namespace MLNetAutoencoder.Tool.Tables;

/// <summary>Tells normal rows from anomalies by the text of a label.</summary>
internal sealed class Labels
{
    /// <summary>What means normal unless the command line says otherwise.</summary>
    public static readonly IReadOnlyList<string> DefaultNormal = ["0", "false", "no", "n", "normal", "benign", "good", "ok", "inlier"];

    private readonly IReadOnlyList<string> _normal;
    private readonly double[] _numbers;

    public Labels(IReadOnlyList<string> normal)
    {
        _normal = normal;
        _numbers = [.. normal.Select(text => Number(text)).OfType<double>()];
    }

    public IReadOnlyList<string> Normal => _normal;

    /// <summary>Whether a label means anomaly; null for a missing one.</summary>
    public bool? IsAnomaly(ReadOnlySpan<char> label)
    {
        if (label.IsEmpty)
            return null;
        foreach (string normal in _normal)
        {
            if (label.Equals(normal, StringComparison.OrdinalIgnoreCase))
                return false;
        }
        return !(_numbers.Length > 0 && Number(label) is { } number && _numbers.Contains(number));
    }

    private static double? Number(ReadOnlySpan<char> text) =>
        double.TryParse(text, CultureInfo.InvariantCulture, out double value) ? value : null;
}
