using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Makes new rows from codes: samples, the way between two rows, and what one unit of the code does.</summary>
/// <remarks>
/// <para>Had from <see cref="AutoencoderTransformer.Generator"/>; it shares the model's sessions and ends with it. Every view that it returns has two columns, vectors of
/// Single, named as the model names its columns for them: the code, and the reconstruction in the features' raw units, with the features' names as slot names.</para>
/// <para>A view has a known number of rows. Nothing is decoded before a cursor moves; codes and reconstructions are the same at every
/// reading. After the model has been disposed, reading is an <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class AutoencoderGenerator
{
    private readonly AutoencoderModel _model;
    private readonly AutoencoderTransformer _decoder;
    private readonly string _codeColumn;

    internal AutoencoderGenerator(AutoencoderModel model, AutoencoderTransformer decoder, string codeColumn)
    {
        _model = model;
        _decoder = decoder;
        _codeColumn = codeColumn;
    }

    /// <summary>The distribution that <see cref="Sample"/> uses where none is named: the standard normal one for a variational model, otherwise the mixture of Gaussians, and without one the Gaussian.</summary>
    public CodeDistribution DefaultDistribution
    {
        get
        {
            var metadata = _model.Metadata;
            if (IsVariational(metadata))
                return CodeDistribution.StandardNormal;
            return metadata.CodeMixtureWeights.Count > 0 ? CodeDistribution.GaussianMixture : CodeDistribution.Gaussian;
        }
    }

    /// <summary>Draws codes from a distribution and decodes them.</summary>
    /// <param name="rows">How many, at least 1.</param>
    /// <param name="seed">The seed of the random numbers, which are those of <see cref="Random(int)"/> by the method of Box and Muller (1958) in double precision: the same seed gives the same rows.</param>
    /// <param name="distribution">Where the codes are drawn from; null for <see cref="DefaultDistribution"/>.</param>
    /// <returns>A view of the codes and their reconstructions.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of rows or the distribution is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model's metadata lack what the distribution needs.</exception>
    public IDataView Sample(int rows, int seed, CodeDistribution? distribution = null)
    {
        if (rows < 1)
            throw new ArgumentOutOfRangeException(nameof(rows), rows, $"{rows} rows were asked for; expected at least 1.");
        return Decode(rows, CodeSampler.For(_model.Metadata, distribution ?? DefaultDistribution).Draw(rows, seed));
    }

    /// <summary>Encodes two rows, goes from one code to the other in equal steps, and decodes all codes on the way.</summary>
    /// <param name="from">The row at the start, in raw units.</param>
    /// <param name="to">The row at the end, in raw units.</param>
    /// <param name="steps">The number of codes, both ends included; at least 2.</param>
    /// <param name="interpolation">The way. The default is the straight line.</param>
    /// <returns>A view of the codes and their reconstructions; the first and the last are those of the given rows.</returns>
    /// <exception cref="ArgumentException">A row has another number of features than the model, or a missing value that the model refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps or the interpolation is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is only a decoder.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public IDataView Interpolate(ReadOnlySpan<float> from, ReadOnlySpan<float> to, int steps, Interpolation interpolation = Interpolation.Linear)
    {
        CheckSteps(steps);
        if (!Enum.IsDefined(interpolation))
            throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation, $"The interpolation is {interpolation}; expected {string.Join(" or ", Enum.GetNames<Interpolation>())}.");
        return Decode(steps, CodePath.Between(Encode(from, nameof(from)), Encode(to, nameof(to)), steps, interpolation));
    }

    /// <summary>Encodes a row, gives one unit of its code other values in equal steps, and decodes all these codes: what the unit stands for shows in what changes.</summary>
    /// <param name="row">The row, in raw units.</param>
    /// <param name="unit">The unit of the code, from 0.</param>
    /// <param name="from">The unit's first value. What values the training rows had is told by <see cref="AutoencoderMetadata.CodeMean"/> and <see cref="AutoencoderMetadata.CodeCovariance"/>.</param>
    /// <param name="to">The unit's last value.</param>
    /// <param name="steps">The number of values, both ends included; at least 2.</param>
    /// <returns>A view of the codes and their reconstructions.</returns>
    /// <exception cref="ArgumentException">The row has another number of features than the model, or a missing value that the model refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit, a value is not finite, or the number of steps is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is only a decoder.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public IDataView Traverse(ReadOnlySpan<float> row, int unit, float from, float to, int steps)
    {
        int units = _model.Metadata.CodeSize;
        if (unit < 0 || unit >= units)
            throw new ArgumentOutOfRangeException(nameof(unit), unit, $"The unit {unit} was asked for; the code has {units}, expected 0 to {units - 1}.");
        CheckFinite(from, nameof(from));
        CheckFinite(to, nameof(to));
        CheckSteps(steps);
        float[] first = Encode(row, nameof(row)), last = [.. first];
        first[unit] = from;
        last[unit] = to;
        return Decode(steps, CodePath.Between(first, last, steps, Interpolation.Linear));
    }

    private static bool IsVariational(AutoencoderMetadata metadata) => metadata.Variant.Contains("variational", StringComparison.Ordinal);

    /// <summary>The one place where codes go to the decoder.</summary>
    private IDataView Decode(int rows, IEnumerable<float[]> codes) => _decoder.Transform(new CodeView(_codeColumn, _model.Metadata.CodeSize, rows, codes));

    /// <summary>The one place where rows go to the encoder.</summary>
    private float[] Encode(ReadOnlySpan<float> row, string parameter)
    {
        var metadata = _model.Metadata;
        if (!_model.Inputs.Contains(GraphNames.Features))
            throw new InvalidOperationException($"The model is only the {metadata.Graph} of an autoencoder, so it has no code of a row. Use {nameof(Sample)}, or the whole model.");
        if (row.Length != metadata.FeatureCount)
            throw new ArgumentException($"The row has {row.Length} features; the model has {metadata.FeatureCount}.", parameter);
        if (metadata.MissingValues == MissingValuePolicy.Error)
            CheckPresent(row, parameter);
        using var runner = _model.CreateRunner([GraphNames.Features], [GraphNames.Code], capacity: 1);
        row.CopyTo(runner.Input(0));
        runner.Run(1);
        return runner.OutputRow<float>(0, 0).ToArray();
    }

    private void CheckPresent(ReadOnlySpan<float> row, string parameter)
    {
        for (int j = 0; j < row.Length; j++)
        {
            if (!float.IsFinite(row[j]))
                throw new ArgumentException($"The row has {row[j]} in '{_model.Metadata.FeatureNames[j]}', and the autoencoder was made to refuse missing values when it scores.", parameter);
        }
    }

    private static void CheckSteps(int steps)
    {
        if (steps < 2)
            throw new ArgumentOutOfRangeException(nameof(steps), steps, $"The number of steps is {steps}; expected at least 2, the two ends.");
    }

    private static void CheckFinite(float value, string parameter)
    {
        if (!float.IsFinite(value))
            throw new ArgumentOutOfRangeException(parameter, value, $"The unit's value is {value}; expected a finite number.");
    }
}
