using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>Scores the rows of time series one after the other, in their order; it reads ahead as far as it must.</summary>
/// <remarks>
/// <para>The window that ends with a step has the score s, the feature errors e and the reconstruction r. Alone they give the step's score
/// s, each channel's mean of e, and the newest step of r.</para>
/// <para>Over the n whole windows that cover a step the score is (Σ sᵖ / n)^(1/p), with p = 2 for scores that are roots of a mean square
/// and 1 for others; the channels' errors are their mean with the weights sᵖ⁻¹, scaled so that their mean is the score; and what is
/// expected is the mean of r at the step's place. A step that no whole window covers has what the window that ends with it gives.</para>
/// </remarks>
internal sealed class SeriesScoring : IDisposable
{
    /// <summary>The windows of one run of the graph.</summary>
    private const int BatchSize = 256;

    private readonly WindowDescription _windows;
    private readonly SeriesReader _reader;
    private readonly bool _isCovering;
    private readonly double _power;
    private readonly BatchRunner _runner;
    private readonly int _errorsPlace, _expectedPlace;

    // Read and not yet given out; of each series, those that a later window may cover; and those whose windows are in the batch.
    private readonly Queue<Step> _read = [];
    private readonly List<Queue<Step>> _covered = [];
    private readonly List<Step> _batch = [];
    private readonly Stack<Step> _free = [];
    private bool _hasEnded;

    /// <param name="model">The graph.</param>
    /// <param name="reader">The rows; they belong to this from now on.</param>
    /// <param name="isCovering">Whether the windows that cover a step count, or the one that ends with it.</param>
    /// <param name="wantsErrors">Whether feature errors are wanted.</param>
    /// <param name="wantsExpected">Whether expected values are wanted.</param>
    public SeriesScoring(AutoencoderModel model, SeriesReader reader, bool isCovering, bool wantsErrors, bool wantsExpected)
    {
        (_windows, _reader, _isCovering) = (model.Metadata.Windows!, reader, isCovering);
        _power = PowerOf(model.Metadata);
        List<string> outputs = [GraphNames.Score];
        _errorsPlace = wantsErrors ? Place(GraphNames.FeatureErrors) : -1;
        _expectedPlace = wantsExpected ? Place(GraphNames.Reconstruction) : -1;
        try
        {
            _runner = model.CreateRunner([GraphNames.Features], [.. outputs], model.Scoring.BatchSize ?? BatchSize);
        }
        catch
        {
            reader.Dispose();
            throw;
        }

        int Place(string output)
        {
            outputs.Add(output);
            return outputs.Count - 1;
        }
    }

    /// <summary>The exponent of the mean of a model's scores over the windows that cover a step.</summary>
    public static double PowerOf(AutoencoderMetadata metadata) =>
        metadata.ScoreKind is ScoreKind.HiddenFeatureError or ScoreKind.Detector ? 2 : 1;

    /// <summary>What the present row has; good until the next one.</summary>
    public Step Current { get; private set; } = null!;

    /// <summary>Goes to the next row.</summary>
    public bool MoveNext()
    {
        if (Current is not null)
            _free.Push(Current);
        Current = null!;
        while (!_hasEnded && (_read.Count == 0 || !_read.Peek().IsComplete))
            Fill();
        if (_read.Count == 0)
            return false;
        Current = _read.Dequeue();
        Current.Finish(_isCovering, _power);
        return true;
    }

    public void Dispose()
    {
        _runner.Dispose();
        _reader.Dispose();
    }

    /// <summary>Reads rows until a batch of windows is full, and scores them.</summary>
    private void Fill()
    {
        _batch.Clear();
        while (_batch.Count < _runner.Capacity)
        {
            if (!_reader.MoveNext())
            {
                _hasEnded = true;
                break;
            }
            var window = _reader.Window;
            if (!_free.TryPop(out var step))
                step = new Step(_windows.Channels.Count, _errorsPlace >= 0, _expectedPlace >= 0);
            step.Start(_reader.Series, window.Steps, window.IsWhole, isScored: window.IsWhole || _windows.ScoresFirstSteps);
            step.IsComplete = !_isCovering;
            _read.Enqueue(step);
            if (_isCovering)
            {
                while (_covered.Count < _reader.Count)
                    _covered.Add([]);
                _covered[step.Series].Enqueue(step);
            }
            if (!step.IsScored)
                continue;
            window.CopyTo(_runner.InputRow(0, _batch.Count));
            _batch.Add(step);
        }
        if (_batch.Count > 0)
            _runner.Run(_batch.Count);
        for (int i = 0; i < _batch.Count; i++)
            Take(_batch[i], i);
    }

    private void Take(Step step, int row)
    {
        int width = _windows.Width;
        float score = _runner.OutputRow<float>(0, row)[0];
        var errors = _errorsPlace < 0 ? [] : _runner.OutputRow<float>(_errorsPlace, row);
        var expected = _expectedPlace < 0 ? [] : _runner.OutputRow<float>(_expectedPlace, row);
        step.TakeOwn(score, errors, expected, width);
        if (!_isCovering)
            return;
        var covered = _covered[step.Series];
        while (covered.TryPeek(out var done) && done.Number <= step.Number - width)
            covered.Dequeue().IsComplete = true;
        if (!step.IsWhole)
            return;

        // The step's own errors are the means that every step which the window covers takes a part of.
        foreach (var other in covered)
        {
            if (other.Number > step.Number)
                break;
            other.TakeCovering(score, step.Errors, expected, (int)(width - 1 - (step.Number - other.Number)), width, _power);
        }
        while (covered.TryPeek(out var done) && done.Number <= step.Number - width + 1)
            covered.Dequeue().IsComplete = true;
    }

    /// <summary>What is known of a row.</summary>
    internal sealed class Step(int channels, bool hasErrors, bool hasExpected)
    {
        private readonly double[] _errorSums = new double[hasErrors ? channels : 0];
        private readonly double[] _expectedSums = new double[hasExpected ? channels : 0];
        private double _sum;
        private int _windows, _finite;

        /// <summary>The series.</summary>
        public int Series { get; private set; }

        /// <summary>The number of the step in its series, from 1.</summary>
        public long Number { get; private set; }

        /// <summary>Whether the window that ends with the step is whole.</summary>
        public bool IsWhole { get; private set; }

        /// <summary>Whether there is a score, be it NaN.</summary>
        public bool IsScored { get; private set; }

        /// <summary>Whether no later window changes it.</summary>
        public bool IsComplete { get; set; }

        public float Score { get; private set; }

        /// <summary>The error of each channel.</summary>
        public float[] Errors { get; } = new float[hasErrors ? channels : 0];

        /// <summary>The expected value of each channel, in raw units.</summary>
        public float[] Expected { get; } = new float[hasExpected ? channels : 0];

        public void Start(int series, long number, bool isWhole, bool isScored)
        {
            (Series, Number, IsWhole, IsScored) = (series, number, isWhole, isScored);
            (_sum, _windows, _finite, Score) = (0, 0, 0, float.NaN);
            Array.Clear(_errorSums);
            Array.Clear(_expectedSums);
            Array.Fill(Errors, float.NaN);
            Array.Fill(Expected, float.NaN);
        }

        public void TakeOwn(float score, ReadOnlySpan<float> errors, ReadOnlySpan<float> expected, int width)
        {
            Score = score;
            ReadStep(errors, expected, width, Errors, Expected);
        }

        public void TakeCovering(
            float score, ReadOnlySpan<float> channelErrors, ReadOnlySpan<float> expected, int place, int width, double power)
        {
            _windows++;
            if (!float.IsFinite(score))
                return;
            _finite++;
            _sum += Math.Pow(score, power);
            double weight = Math.Pow(score, power - 1);
            for (int channel = 0; channel < _errorSums.Length; channel++)
                _errorSums[channel] += weight * channelErrors[channel];
            for (int channel = 0; channel < _expectedSums.Length; channel++)
                _expectedSums[channel] += expected[channel * width + place];
        }

        public void Finish(bool isCovering, double power)
        {
            if (!isCovering || _windows == 0)
                return;
            IsScored = true;
            Score = _finite == 0 ? float.NaN : (float)Math.Pow(_sum / _finite, 1 / power);
            double mean = _errorSums.Length == 0 ? 0 : _errorSums.Average();
            for (int channel = 0; channel < Errors.Length; channel++)
                Errors[channel] = _finite == 0 ? float.NaN : mean == 0 ? 0 : (float)(_errorSums[channel] / mean * Score);
            for (int channel = 0; channel < Expected.Length; channel++)
                Expected[channel] = _finite == 0 ? float.NaN : (float)(_expectedSums[channel] / _finite);
        }
    }

    /// <summary>What the outputs of a window say of its last step.</summary>
    /// <param name="errors">The feature errors of the window; empty where they are not wanted.</param>
    /// <param name="reconstruction">Its reconstruction; empty where it is not wanted.</param>
    /// <param name="width">The steps of a window.</param>
    /// <param name="channelErrors">Gets the mean error of each channel.</param>
    /// <param name="expected">Gets what was expected at the last step.</param>
    public static void ReadStep(ReadOnlySpan<float> errors, ReadOnlySpan<float> reconstruction, int width, Span<float> channelErrors,
        Span<float> expected)
    {
        for (int channel = 0; channel < channelErrors.Length; channel++)
            channelErrors[channel] = MeanOf(errors, channel, width);
        for (int channel = 0; channel < expected.Length; channel++)
            expected[channel] = reconstruction[channel * width + width - 1];
    }

    private static float MeanOf(ReadOnlySpan<float> errors, int channel, int width)
    {
        double sum = 0;
        foreach (float error in errors.Slice(channel * width, width))
            sum += error;
        return (float)(sum / width);
    }
}
