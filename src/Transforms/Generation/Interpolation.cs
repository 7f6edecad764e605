namespace MLNetAutoencoder;

/// <summary>The way from one code to another.</summary>
public enum Interpolation
{
    /// <summary>The straight line, (1 − t)·a + t·b.</summary>
    Linear,

    /// <summary>
    /// The great arc, (sin((1 − t)θ)·a + sin(tθ)·b) / sin θ with θ the angle between the codes (Shoemake 1985): between
    /// codes of one length, all on the way have this length. It suits codes from a normal distribution, whose lengths
    /// are nearly equal, where a straight line passes through codes that are shorter than any row's. Codes that point
    /// in the same or in opposite directions, where the arc is a line or not unique, are interpolated linearly.
    /// </summary>
    Spherical,
}
