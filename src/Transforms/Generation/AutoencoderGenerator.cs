using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Makes new rows from codes: samples, the way between two rows, and what one unit of the code does.</summary>
/// <remarks>
/// <para>Had from <see cref="AutoencoderTransformer.Generator"/>; it shares the model's sessions and ends with it.
/// Every view that it returns has two columns, vectors of Single, named as the model names its columns for them: the
/// code, and the reconstruction in the features' raw units, with the features' names as slot names; of a conditional
/// model also the condition.</para>
/// <para>A view has a known number of rows. Nothing is decoded before a cursor moves; codes and reconstructions are the same at every
/// reading. After the model has been disposed, reading is an <see cref="ObjectDisposedException"/>.</para>
/// </remarks>
public sealed class AutoencoderGenerator
{
    private readonly AutoencoderModel _model;
    private readonly AutoencoderTransformer _decoder;
    private readonly Func<string, string> _columnOf;

    /// <summary>Makes a generator.</summary>
    /// <param name="model">The model.</param>
    /// <param name="decoder">Its decoder.</param>
    /// <param name="columnOf">Gives the name of the column of an input of the decoder.</param>
    internal AutoencoderGenerator(AutoencoderModel model, AutoencoderTransformer decoder, Func<string, string> columnOf)
    {
        _model = model;
        _decoder = decoder;
        _columnOf = columnOf;
    }

    /// <summary>
    /// The distribution that <see cref="Sample"/> uses where none is named: the standard normal one for a variational
    /// model, otherwise the mixture of Gaussians, and without one the Gaussian. Where codes are offset, the prior is
    /// that of the codes without their offsets, and what training saw of the codes with them is used for a variational
    /// model too.
    /// </summary>
    public CodeDistribution DefaultDistribution
    {
        get
        {
            var metadata = _model.Metadata;
            if (metadata.IsVariational && metadata.CodeOffsetSize == 0)
                return CodeDistribution.StandardNormal;
            return metadata.CodeMixtureWeights.Count > 0 ? CodeDistribution.GaussianMixture : CodeDistribution.Gaussian;
        }
    }

    /// <summary>Draws codes from a distribution and decodes them.</summary>
    /// <param name="rows">How many, at least 1.</param>
    /// <param name="seed">The seed of the random numbers, which are those of <see cref="Random(int)"/> by the method of
    /// Box and Muller (1958) in double precision: the same seed gives the same rows.</param>
    /// <param name="distribution">Where the codes are drawn from; null for <see cref="DefaultDistribution"/>.</param>
    /// <param name="condition">The condition of all rows, for a label one-hot; empty where the model has none.</param>
    /// <returns>A view of the codes and their reconstructions.</returns>
    /// <exception cref="ArgumentException">The condition has another length than the model's, or a missing value that
    /// the model refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of rows or the distribution is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model's metadata lack what the distribution needs.</exception>
    public IDataView Sample(int rows, int seed, CodeDistribution? distribution = null, ReadOnlySpan<float> condition = default)
    {
        if (rows < 1)
            throw new ArgumentOutOfRangeException(
                nameof(rows), rows, FormattableString.Invariant($"{rows} rows were asked for; expected at least 1."));
        return Decode(rows, CodeSampler.For(_model.Metadata, distribution ?? DefaultDistribution).Draw(rows, seed), Condition(condition));
    }

    /// <summary>Encodes two rows, goes from one code to the other in equal steps, and decodes all codes on the way.</summary>
    /// <param name="from">The row at the start, in raw units.</param>
    /// <param name="to">The row at the end, in raw units.</param>
    /// <param name="steps">The number of codes, both ends included; at least 2.</param>
    /// <param name="interpolation">The way. The default is the straight line.</param>
    /// <param name="condition">The condition of both rows and all between them, for a label one-hot; empty where the
    /// model has none.</param>
    /// <param name="fromCodeOffset">The code offset of the row at the start; empty where the model has none.</param>
    /// <param name="toCodeOffset">The code offset of the row at the end; empty where the model has none.</param>
    /// <returns>A view of the codes and their reconstructions; the first and the last are those of the given rows.</returns>
    /// <exception cref="ArgumentException">A row has another number of features than the model, condition or code
    /// offset another length, or one of them a missing value that the model refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps or the interpolation is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is only a decoder.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public IDataView Interpolate(
        ReadOnlySpan<float> from,
        ReadOnlySpan<float> to,
        int steps,
        Interpolation interpolation = Interpolation.Linear,
        ReadOnlySpan<float> condition = default,
        ReadOnlySpan<float> fromCodeOffset = default,
        ReadOnlySpan<float> toCodeOffset = default)
    {
        CheckSteps(steps);
        if (!Enum.IsDefined(interpolation))
            throw new ArgumentOutOfRangeException(nameof(interpolation), interpolation,
                $"The interpolation is {interpolation}; expected {string.Join(" or ", Enum.GetNames<Interpolation>())}.");
        float[] side = Condition(condition);
        float[] first = Encode(from, nameof(from), side, fromCodeOffset, nameof(fromCodeOffset)),
            last = Encode(to, nameof(to), side, toCodeOffset, nameof(toCodeOffset));
        return Decode(steps, CodePath.Between(first, last, steps, interpolation), side);
    }

    /// <summary>
    /// Encodes a row, gives one unit of its code other values in equal steps, and decodes all these codes: what the
    /// unit stands for shows in what changes.
    /// </summary>
    /// <param name="row">The row, in raw units.</param>
    /// <param name="unit">The unit of the code, from 0.</param>
    /// <param name="from">The unit's first value. What values the training rows had is told by
    /// <see cref="AutoencoderMetadata.CodeMean"/> and <see cref="AutoencoderMetadata.CodeCovariance"/>.</param>
    /// <param name="to">The unit's last value.</param>
    /// <param name="steps">The number of values, both ends included; at least 2.</param>
    /// <param name="condition">The row's condition, for a label one-hot; empty where the model has none.</param>
    /// <param name="codeOffset">The row's code offset; empty where the model has none.</param>
    /// <returns>A view of the codes and their reconstructions.</returns>
    /// <exception cref="ArgumentException">The row has another number of features than the model, condition or code
    /// offset another length, or one of them a missing value that the model refuses.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such unit, a value is not finite, or the number
    /// of steps is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is only a decoder.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public IDataView Traverse(ReadOnlySpan<float> row, int unit, float from, float to, int steps, ReadOnlySpan<float> condition = default,
        ReadOnlySpan<float> codeOffset = default)
    {
        int units = _model.Metadata.CodeSize;
        if (unit < 0 || unit >= units)
            throw new ArgumentOutOfRangeException(nameof(unit), unit,
                FormattableString.Invariant($"The unit {unit} was asked for; the code has {units}, expected 0 to {units - 1}."));
        CheckFinite(from, nameof(from));
        CheckFinite(to, nameof(to));
        CheckSteps(steps);
        float[] side = Condition(condition);
        float[] first = Encode(row, nameof(row), side, codeOffset, nameof(codeOffset)), last = [.. first];
        first[unit] = from;
        last[unit] = to;
        return Decode(steps, CodePath.Between(first, last, steps, Interpolation.Linear), side);
    }

    /// <summary>The one place where codes go to the decoder.</summary>
    private IDataView Decode(int rows, IEnumerable<float[]> codes, float[] condition)
    {
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(_columnOf(GraphNames.Code), new VectorDataViewType(NumberDataViewType.Single, _model.Metadata.CodeSize));
        if (condition.Length > 0)
            schema.AddColumn(_columnOf(GraphNames.Condition), new VectorDataViewType(NumberDataViewType.Single, condition.Length));
        return _decoder.Transform(new VectorView(schema.ToSchema(), rows, codes.Select(code => new[] { code, condition })));
    }

    /// <summary>The one place where rows go to the encoder.</summary>
    private float[] Encode(ReadOnlySpan<float> row, string rowName, ReadOnlySpan<float> condition, ReadOnlySpan<float> codeOffset,
        string offsetName)
    {
        var metadata = _model.Metadata;
        if (!_model.Inputs.Contains(GraphNames.Features))
            throw new InvalidOperationException(
                $"The model is only the {metadata.Graph} of an autoencoder, so it has no code of a row. Use {nameof(Sample)}, or the " +
                "whole model.");
        if (row.Length != metadata.FeatureCount)
            throw new ArgumentException($"The row has {row.Length} features; the model has {metadata.FeatureCount}.", rowName);
        if (codeOffset.Length != metadata.CodeOffsetSize)
            throw new ArgumentException(
                $"The code offset of the row has {codeOffset.Length} values; the model takes {metadata.CodeOffsetSize}.", offsetName);
        CheckPresent(row, j => $"'{metadata.FeatureNames[j]}'", rowName);
        CheckPresent(codeOffset, j => $"place {j}", offsetName);
        using var runner = SingleRow.Run(_model, [GraphNames.Code], row, condition, codeOffset);
        return runner.OutputRow<float>(0, 0).ToArray();
    }

    private float[] Condition(ReadOnlySpan<float> condition)
    {
        int size = _model.Metadata.ConditionSize;
        if (condition.Length != size)
            throw new ArgumentException(
                $"The condition has {condition.Length} values; the model " +
                $"{(size == 0 ? "has none" : $"takes {size}, in the column '{_columnOf(GraphNames.Condition)}'")}.", nameof(condition));
        CheckPresent(condition, j => $"place {j}", nameof(condition));
        return condition.ToArray();
    }

    private void CheckPresent(ReadOnlySpan<float> values, Func<int, string> place, string parameter)
    {
        for (int j = 0; _model.Metadata.MissingValues == MissingValuePolicy.Error && j < values.Length; j++)
        {
            if (!float.IsFinite(values[j]))
                throw new ArgumentException(
                    FormattableString.Invariant(
                        $"There is {values[j]} in {place(j)}, and the autoencoder was made to refuse missing values when it scores."),
                    parameter);
        }
    }

    private static void CheckSteps(int steps)
    {
        if (steps < 2)
            throw new ArgumentOutOfRangeException(nameof(steps), steps,
                FormattableString.Invariant($"The number of steps is {steps}; expected at least 2, the two ends."));
    }

    private static void CheckFinite(float value, string parameter)
    {
        if (!float.IsFinite(value))
            throw new ArgumentOutOfRangeException(
                parameter, value, FormattableString.Invariant($"The unit's value is {value}; expected a finite number."));
    }
}
