namespace MLNetAutoencoder.Onnx;

/// <summary>Whether metadata agree with themselves: lists as long as what they are lists of, numbers in their ranges.</summary>
internal static class MetadataCheck
{
    /// <exception cref="InvalidDataException">They do not; the message names the key.</exception>
    public static void Check(AutoencoderMetadata metadata, string source)
    {
        int d = metadata.FeatureCount, k = metadata.CodeSize, components = metadata.CodeMixtureWeights.Count;
        if (d == 0 || k <= 0)
            throw new InvalidDataException($"{source} has {d} features and a code of {k} units; expected at least one of each.");
        Names("feature_names", metadata.FeatureNames);
        Names("condition_values", metadata.ConditionValues);
        Names("class_names", metadata.ClassNames);
        if (metadata.ClassNames.Contains("") || metadata.ClassNames.Distinct(StringComparer.Ordinal).Count() != metadata.ClassNames.Count)
            throw Wrong("class_names", "an empty name or one twice", "a name for each class");

        Numbers("scaling_offsets", metadata.ScalingOffsets, float.IsFinite, "finite numbers", d);
        Numbers("scaling_scales", metadata.ScalingScales, value => float.IsFinite(value) && value > 0, "finite numbers above 0", d);
        Numbers("feature_means", metadata.FeatureMeans, float.IsFinite, "finite numbers", d);
        Numbers("feature_weights", metadata.FeatureWeights, value => float.IsFinite(value) && value >= 0,
            "finite numbers of at least 0", 0, d);
        Number("likelihood_variance", metadata.LikelihoodVariance,
            float.IsFinite(metadata.LikelihoodVariance) && metadata.LikelihoodVariance >= 0, "a finite number of at least 0");
        Number("condition_size", metadata.ConditionSize, metadata.ConditionSize >= 0, "0 or more");
        Count("condition_values", metadata.ConditionValues.Count, 0, metadata.ConditionSize);
        Number("code_offset_size", metadata.CodeOffsetSize, metadata.CodeOffsetSize >= 0, "0 or more");
        Number("score_samples", metadata.ScoreSamples, metadata.ScoreSamples >= 0, "0 or more");
        string[] policies = [MissingValuePolicy.NaN, MissingValuePolicy.Error, MissingValuePolicy.Mean, MissingValuePolicy.Hidden];
        if (!policies.Contains(metadata.MissingValues))
            throw Wrong("missing_values", $"'{GraphCheck.Shown(metadata.MissingValues)}'", $"one of {string.Join(", ", policies)}");

        Number("threshold", metadata.Threshold, !float.IsNaN(metadata.Threshold), "a number");
        Number("score_mean", metadata.ScoreMean, float.IsFinite(metadata.ScoreMean), "a finite number");
        Number("score_deviation", metadata.ScoreDeviation, metadata.ScoreDeviation >= 0, "0 or more");
        Numbers("score_quantiles", metadata.ScoreQuantiles, float.IsFinite, "finite numbers", 0, AutoencoderMetadata.QuantileCount);
        Rising("score_quantiles", metadata.ScoreQuantiles);
        Numbers("largest_scores", metadata.LargestScores, float.IsFinite, "finite numbers", metadata.LargestScores.Count);
        Rising("largest_scores", metadata.LargestScores);
        Number("score_count", metadata.ScoreCount, metadata.ScoreCount >= metadata.LargestScores.Count,
            "at least as many as there are in largest_scores");

        // Codes have no bounds, so that their squares may be more than a Single holds.
        Numbers("code_mean", metadata.CodeMean, value => !float.IsNaN(value), "numbers", 0, k);
        Numbers("code_covariance", metadata.CodeCovariance, value => !float.IsNaN(value), "numbers", 0, k, (long)k * k);
        Numbers("code_mixture_weights", metadata.CodeMixtureWeights, value => float.IsFinite(value) && value >= 0,
            "finite numbers of at least 0", components);
        Numbers("code_mixture_means", metadata.CodeMixtureMeans, value => !float.IsNaN(value), "numbers", (long)components * k);
        Numbers("code_mixture_covariances", metadata.CodeMixtureCovariances, value => !float.IsNaN(value), "numbers",
            (long)components * k * k);

        if (metadata.Windows is { } windows)
        {
            if ((long)windows.Width * windows.Channels.Count != d)
                throw Wrong("windows", $"{windows.Channels.Count} channels of {windows.Width} steps", $"{d} values together");
            Number("windows", windows.Step, double.IsFinite(windows.Step) && windows.Step >= 0, "a finite step of at least 0");
            Number("windows", windows.CoveringThreshold, !float.IsNaN(windows.CoveringThreshold), "a number for a threshold");
            Numbers("windows", windows.CoveringQuantiles, float.IsFinite, "finite quantiles", 0, AutoencoderMetadata.QuantileCount);
            Rising("windows", windows.CoveringQuantiles);
            Numbers("windows", windows.CoveringLargest, float.IsFinite, "finite scores", windows.CoveringLargest.Count);
            Rising("windows", windows.CoveringLargest);
            Number("windows", windows.CoveringCount, windows.CoveringCount >= windows.CoveringLargest.Count,
                "a count of at least as many as there are largest scores");
            if (new[] { windows.ValueColumn, windows.TimeColumn ?? "-", windows.KeyColumn ?? "-" }.Any(string.IsNullOrWhiteSpace))
                throw Wrong("windows", "an empty name of a column", "names");
        }
        foreach (var (graphName, column) in metadata.Columns)
        {
            if (string.IsNullOrWhiteSpace(column))
                throw Wrong("columns", $"an empty name for '{GraphCheck.Shown(graphName)}'", "names");
        }
        // A column may hide one that it is made of, but not another that is made.
        bool hasFeatures = metadata.Columns.ContainsKey(GraphNames.Features);
        var made = metadata.Columns.Where(pair => !(
            pair.Key is GraphNames.Features or GraphNames.Condition or GraphNames.CodeOffset
            || (pair.Key == GraphNames.Code && !hasFeatures))).Select(pair => pair.Value);
        if (made.GroupBy(column => column, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw Wrong("columns", $"two outputs in the column '{GraphCheck.Shown(twice.Key)}'", "a name for each");

        void Names(string key, IReadOnlyList<string> names)
        {
            if (names.Any(name => name is null))
                throw Wrong(key, "a null", "texts");
        }
        void Count(string key, long found, params long[] expected)
        {
            if (!expected.Contains(found))
                throw Wrong(key, $"{found} values", string.Join(" or ", expected.Distinct()));
        }
        void Number(string key, double value, bool holds, string expected)
        {
            if (!holds)
                throw Wrong(key, FormattableString.Invariant($"{value}"), expected);
        }
        void Numbers(string key, IReadOnlyList<float> values, Func<float, bool> holds, string expected, params long[] counts)
        {
            Count(key, values.Count, counts);
            foreach (float value in values)
                Number(key, value, holds(value), expected);
        }
        void Rising(string key, IReadOnlyList<float> values)
        {
            for (int i = 1; i < values.Count; i++)
            {
                if (values[i] < values[i - 1])
                    throw Wrong(key, FormattableString.Invariant($"{values[i]} after {values[i - 1]}"), "numbers in rising order");
            }
        }
        InvalidDataException Wrong(string key, string found, string expected) =>
            new($"{source} has in its metadata '{AutoencoderMetadata.Prefix}{key}' {found}; expected {expected} ({d} features, a code of " +
            $"{k} units).");
    }
}
