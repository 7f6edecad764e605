namespace MLNetAutoencoder;

/// <summary>Codes in equal steps from one to another.</summary>
internal static class CodePath
{
    // Up to here arc and line differ by less than the rounding of a Single: relative to the code's length by θ²/8.
    private const double SmallestAngle = 1e-4;

    /// <summary>The codes on the way, both ends included.</summary>
    public static IEnumerable<float[]> Between(float[] from, float[] to, int steps, Interpolation interpolation)
    {
        double angle = interpolation == Interpolation.Spherical ? Angle(from, to) : 0;
        bool straight = angle < SmallestAngle || angle > Math.PI - SmallestAngle;
        float[] code = new float[from.Length];
        for (int i = 0; i < steps; i++)
        {
            double t = i / (steps - 1.0);
            double first = straight ? 1 - t : Math.Sin((1 - t) * angle) / Math.Sin(angle);
            double second = straight ? t : Math.Sin(t * angle) / Math.Sin(angle);
            for (int a = 0; a < code.Length; a++)
                code[a] = (float)(first * from[a] + second * to[a]);
            yield return code;
        }
    }

    /// <summary>The angle between two codes, 0 where one of them is 0.</summary>
    private static double Angle(float[] from, float[] to)
    {
        double fromLength = Length(from), toLength = Length(to);
        if (fromLength == 0 || toLength == 0)
            return 0;

        // Twice the half angle of a rhombus from its diagonals: exact also for small angles, where the cosine is 1 but for rounding.
        double difference = 0, sum = 0;
        for (int a = 0; a < from.Length; a++)
        {
            double x = from[a] / fromLength, y = to[a] / toLength;
            difference += (x - y) * (x - y);
            sum += (x + y) * (x + y);
        }
        return 2 * Math.Atan2(Math.Sqrt(difference), Math.Sqrt(sum));
    }

    private static double Length(float[] code) => Math.Sqrt(code.Sum(value => (double)value * value));
}
