using System.Text.Json;
using System.Text.Json.Serialization;

namespace MLNetAutoencoder.Onnx;

/// <summary>
/// What a graph over windows of a time series says of them: whoever cuts windows in this way can run it, in any runtime.
/// </summary>
/// <remarks>
/// A window is <see cref="Width"/> consecutive steps of one series. Its features are channel after channel, each from the oldest step to
/// the newest: feature j is channel j / width (whole-number division) at the step j mod width. A step that there is not, or a value that is
/// missing, is NaN.
/// </remarks>
public sealed record WindowDescription
{
    /// <summary>The steps of a window.</summary>
    public required int Width { get; init; }

    /// <summary>The names of the channels, in their order.</summary>
    public required IReadOnlyList<string> Channels { get; init; }

    /// <summary>
    /// Whether the graph subtracts from each channel its mean over the window before anything else, and adds it to the reconstruction. A
    /// decoder alone gives windows around 0 then.
    /// </summary>
    public bool RemovesLevel { get; init; }

    /// <summary>The column with the values of a step, a scalar or a vector of Single.</summary>
    public required string ValueColumn { get; init; }

    /// <summary>The column with the time of a step, or null where rows follow each other at equal distances.</summary>
    public string? TimeColumn { get; init; }

    /// <summary>The column that tells which series a row belongs to, or null where there is one.</summary>
    public string? KeyColumn { get; init; }

    /// <summary>The time from one step to the next, in seconds where the time column holds dates; 0 where there is no time
    /// column.</summary>
    public double Step { get; init; }

    /// <summary>Whether the score of a step is the mean over all windows that cover it, and not that of the window which ends with
    /// it.</summary>
    public bool IsCovering { get; init; }

    /// <summary>
    /// Whether steps before the first whole window of a series are scored by windows whose earlier steps are missing, and have no score
    /// otherwise.
    /// </summary>
    public bool ScoresFirstSteps { get; init; }

    /// <summary>The threshold of covering scores.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public float CoveringThreshold { get; init; } = float.PositiveInfinity;

    /// <summary>The number of measured steps with a covering score.</summary>
    public long CoveringCount { get; init; }

    /// <summary>The quantiles of their covering scores, as <see cref="AutoencoderMetadata.ScoreQuantiles"/>.</summary>
    public IReadOnlyList<float> CoveringQuantiles { get; init; } = [];

    /// <summary>The largest of their covering scores, as <see cref="AutoencoderMetadata.LargestScores"/>.</summary>
    public IReadOnlyList<float> CoveringLargest { get; init; } = [];

    /// <summary>The number of features of a window.</summary>
    [JsonIgnore]
    public int FeatureCount => checked(Width * Channels.Count);

    /// <summary>The names of a window's features: that of the channel and how many steps before the newest.</summary>
    internal string[] FeatureNames() =>
        [.. Channels.SelectMany(channel => Enumerable.Range(0, Width)
            .Select(step => step == Width - 1 ? channel : FormattableString.Invariant($"{channel}[{step - Width + 1}]")))];

    internal static string Write(WindowDescription? windows) =>
        windows is null ? "" : JsonSerializer.Serialize(windows, MetadataJson.Default.WindowDescription);

    internal static WindowDescription? Parse(string json) =>
        json.Length == 0 ? null : JsonSerializer.Deserialize(json, MetadataJson.Default.WindowDescription) is
            { Width: > 0, Channels: not null, ValueColumn: not null, CoveringQuantiles: not null, CoveringLargest: not null } windows
            && windows.Channels.All(channel => channel is not null)
            ? windows : throw new JsonException("A window has a width and channels.");
}
