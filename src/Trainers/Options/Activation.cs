namespace MLNetAutoencoder;

/// <summary>Activation functions, applied to each unit of a layer.</summary>
public enum Activation
{
    /// <summary>f(x) = x.</summary>
    Linear,

    /// <summary>Rectified linear unit, f(x) = max(x, 0).</summary>
    ReLU,

    /// <summary>Leaky rectified linear unit, f(x) = x for x ≥ 0, otherwise 0.01 x (Maas et al. 2013).</summary>
    LeakyReLU,

    /// <summary>Exponential linear unit, f(x) = x for x ≥ 0, otherwise eˣ − 1 (Clevert et al. 2015, α = 1).</summary>
    ELU,

    /// <summary>Scaled exponential linear unit (Klambauer et al. 2017).</summary>
    SELU,

    /// <summary>
    /// Gaussian error linear unit, f(x) = x Φ(x) with Φ the standard normal distribution function (Hendrycks and Gimpel
    /// 2016).
    /// </summary>
    GELU,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,

    /// <summary>Logistic function, f(x) = 1 / (1 + e⁻ˣ).</summary>
    Sigmoid,

    /// <summary>f(x) = ln(1 + eˣ).</summary>
    Softplus,
}
