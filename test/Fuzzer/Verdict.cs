namespace MLNetAutoencoder.Fuzzer;

/// <summary>What became of a file.</summary>
internal enum Outcome
{
    /// <summary>It was refused before ONNX Runtime saw it, by a documented exception.</summary>
    Refused,

    /// <summary>ONNX Runtime refused it, or failed in it, by a documented exception.</summary>
    RefusedByRuntime,

    /// <summary>ML.NET asked for more memory than there is for its own parts of a model: documented too.</summary>
    OutOfMemory,

    /// <summary>It was opened, and its columns do not fit the rows, by a documented exception.</summary>
    DoesNotFit,

    /// <summary>Rows were scored.</summary>
    Scored,

    /// <summary>Something else was thrown.</summary>
    Failed,
}

/// <summary>What became of a file, and why.</summary>
internal sealed record Verdict(Outcome Outcome, string Reason = "");
