namespace MLNetAutoencoder;

/// <summary>The kinds of annotations that ML.NET's own readers look for. ML.NET keeps its constants to itself.</summary>
internal static class AnnotationKinds
{
    public const string SlotNames = "SlotNames";
    public const string ScoreColumnSetId = "ScoreColumnSetId";
    public const string ScoreColumnKind = "ScoreColumnKind";
    public const string ScoreValueKind = "ScoreValueKind";

    // Stock anomaly trainers announce their scores as those of a binary classifier.
    public const string BinaryClassification = "BinaryClassification";
    public const string ScoreValue = "Score";
    public const string PredictedLabelValue = "PredictedLabel";
}
