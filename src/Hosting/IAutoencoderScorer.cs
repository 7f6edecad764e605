namespace MLNetAutoencoder.Hosting;

/// <summary>Scores single rows; concurrent calls are joined into batches. Safe for use by several threads.</summary>
public interface IAutoencoderScorer
{
    /// <summary>The model that the next row is scored with.</summary>
    ServedModelInfo Model { get; }

    /// <summary>Scores a row.</summary>
    /// <param name="row">
    /// The values of <see cref="ServedModelInfo.Inputs"/> by name: numbers, texts, booleans, or lists of numbers for vectors, also as
    /// <see cref="System.Text.Json.JsonElement"/>. Null is a missing value. Other names are not looked at.
    /// </param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RowFormatException">A value is not there, or is not what the input takes.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    ValueTask<RowScore> ScoreAsync(IReadOnlyDictionary<string, object?> row, CancellationToken cancellation = default);

    /// <summary>Scores a row of numbers.</summary>
    /// <param name="numbers">The numbers of all inputs in their order; NaN for a missing one.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="RowFormatException">There are more or fewer numbers, or the model has an input that takes none.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    ValueTask<RowScore> ScoreAsync(ReadOnlyMemory<float> numbers, CancellationToken cancellation = default);
}

/// <summary>The score of a row.</summary>
/// <param name="Score">How anomalous it is; NaN where missing values leave it without a score.</param>
/// <param name="IsAnomaly">Whether the score is above the model's threshold, or NaN.</param>
/// <param name="PValue">How often a normal row scores as high, from 0 to 1; null where the model knows no training scores.</param>
/// <param name="TopFeatures">The features behind the score, the most telling first.</param>
/// <param name="ModelVersion">The <see cref="ServedModelInfo.Version"/> of the model that scored it.</param>
public sealed record RowScore(
    float Score, bool IsAnomaly, float? PValue, IReadOnlyList<FeatureContribution> TopFeatures, string ModelVersion);

/// <summary>What a scorer serves.</summary>
/// <param name="Version">The first 16 hexadecimal digits of the SHA-256 of the file.</param>
/// <param name="LoadedAt">When it was loaded.</param>
/// <param name="Threshold">The score above which a row counts as an anomaly.</param>
/// <param name="Inputs">The columns that a row has.</param>
public sealed record ServedModelInfo(string Version, DateTimeOffset LoadedAt, float Threshold, IReadOnlyList<ModelInput> Inputs);

/// <summary>A column of a row.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Size">How many numbers it takes; 1 for a single value.</param>
public sealed record ModelInput(string Name, ModelInputKind Kind, int Size);

/// <summary>What an input of a model takes.</summary>
public enum ModelInputKind
{
    /// <summary>A number, or a list of them.</summary>
    Number,

    /// <summary>A text.</summary>
    Text,

    /// <summary>True or false.</summary>
    Boolean,
}

/// <summary>A row that a model cannot take.</summary>
public sealed class RowFormatException : FormatException
{
    /// <summary>Makes one.</summary>
    /// <param name="field">The input that it is about.</param>
    /// <param name="message">What was found, and what was expected.</param>
    public RowFormatException(string field, string message) : base(message) => Field = field;

    /// <summary>The input that it is about; "" for the row as a whole.</summary>
    public string Field { get; }
}
