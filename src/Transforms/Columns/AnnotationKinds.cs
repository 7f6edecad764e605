using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// The kinds of annotations on score columns and slots. ML.NET's own readers look for the first seven; ML.NET keeps its
/// constants to itself.
/// </summary>
internal static class AnnotationKinds
{
    public const string SlotNames = "SlotNames";
    public const string KeyValues = "KeyValues";
    public const string TrainingLabelValues = "TrainingLabelValues";
    public const string ScoreColumnSetId = "ScoreColumnSetId";
    public const string ScoreColumnKind = "ScoreColumnKind";
    public const string ScoreValueKind = "ScoreValueKind";

    // What stock multiclass trainers announce, and in the two below what role a column has among the scores.
    public const string MulticlassClassification = "MulticlassClassification";
    public const string PredictedLabel = "PredictedLabel";
    public const string Score = "Score";

    // Stock anomaly trainers announce their scores as those of a binary classifier.
    public const string BinaryClassification = "BinaryClassification";

    /// <summary>Which way the score points, text; an annotation of this library.</summary>
    public const string ScoreDirection = "ScoreDirection";

    /// <summary>The score above which a row counts as an anomaly, Single; an annotation of this library.</summary>
    public const string Threshold = "Threshold";

    /// <summary>What ML.NET calls the role of an output among score columns, or null for one that is none.</summary>
    public static string? ScoreValueKindOf(string output) => output switch
    {
        GraphNames.IsAnomaly => PredictedLabel,
        GraphNames.Score => Score,
        GraphNames.Probability => "Probability",
        GraphNames.PValue => "PValue",
        _ => null,
    };
}
