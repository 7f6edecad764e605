namespace MLNetAutoencoder;

/// <summary>Finds the features with the largest errors.</summary>
internal static class TopFeatures
{
    /// <summary>
    /// The places of the largest errors, largest first; a missing value's NaN counts as larger than any number, and of
    /// equal ones the first comes first.
    /// </summary>
    /// <param name="errors">The feature errors of one row.</param>
    /// <param name="places">As many places as are wanted, at most as many as there are errors.</param>
    public static void Find(ReadOnlySpan<float> errors, Span<int> places)
    {
        int found = 0;
        for (int j = 0; j < errors.Length; j++)
        {
            int place = found;
            while (place > 0 && IsLarger(errors[j], errors[places[place - 1]]))
                place--;
            if (place == places.Length)
                continue;
            found = Math.Min(found + 1, places.Length);
            for (int i = found - 1; i > place; i--)
                places[i] = places[i - 1];
            places[place] = j;
        }
    }

    /// <summary>The sum of the errors, of which each has its share.</summary>
    public static double Sum(ReadOnlySpan<float> errors)
    {
        double sum = 0;
        foreach (float error in errors)
            sum += error;
        return sum;
    }

    /// <summary>An error's share of the sum; 0 where there is no error at all.</summary>
    public static float Share(float error, double sum) => sum == 0 ? 0 : (float)(error / sum);

    private static bool IsLarger(float error, float other) => float.IsNaN(error) ? !float.IsNaN(other) : error > other;
}
