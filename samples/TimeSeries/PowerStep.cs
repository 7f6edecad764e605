namespace MLNetAutoencoder.Samples;

/// <summary>The power that a building takes in a quarter of an hour.</summary>
internal sealed class PowerStep
{
    public const int StepsOfDay = 96;

    public DateTime Time { get; set; }

    public float Power { get; set; }

    /// <summary>Made steps: high at day, low at night, with noise, and with four events that are none of the pattern.</summary>
    public static PowerStep[] Make(int days, int seed)
    {
        var start = new DateTime(2026, 3, 2);
        var random = new Random(seed);
        return [.. Enumerable.Range(0, days * StepsOfDay).Select(i =>
        {
            var time = start.AddMinutes(15 * i);
            double hour = time.TimeOfDay.TotalHours, noise = random.NextDouble() + random.NextDouble() - 1;
            double usual = 20 + 30 / (1 + Math.Exp(-2 * (4 - Math.Abs(hour - 13)))) + 2 * noise;
            return new PowerStep { Time = time, Power = (float)(usual + Event(time, hour)) };
        })];
    }

    private static double Event(DateTime time, double hour) => (time.Month, time.Day) switch
    {
        (4, 8) when hour is >= 1 and < 4 => 25,      // a machine that was left on at night
        (4, 15) when hour is >= 11 and < 12 => -35,  // a power cut
        (4, 23) when hour is >= 20 => 15,            // a slow start of the night
        (5, 1) when hour is >= 9 and < 17 => -28,    // a holiday
        _ => 0,
    };
}

/// <summary>What the model says of a step.</summary>
internal sealed class ScoredStep
{
    public DateTime Time { get; set; }

    public float Power { get; set; }

    public float Score { get; set; }

    public bool PredictedLabel { get; set; }

    public float[] Expected { get; set; } = [];
}
