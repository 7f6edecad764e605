using System.Diagnostics;
using Microsoft.ML.Runtime;
using MLNetAutoencoder.Onnx;
using TorchSharp;

namespace MLNetAutoencoder;

/// <summary>The fit of an anomaly detector. The training rows stay the caller's.</summary>
internal sealed class DetectorTraining : IDisposable
{
    private const int Folds = 5, BatchSize = 128, DefaultSteps = 1500, CrossedSteps = 300;

    /// <summary>The most rows that are measured after the training.</summary>
    private const int MostMeasured = 5000;

    private const double HeldOutShare = 0.2;

    // 1.4826 times the median absolute deviation of a normal distribution is its standard deviation.
    private const double DeviationOfMedian = 1.4826;

    private readonly AnomalyDetectionEstimator.Options _options;
    private readonly long _seed;
    private readonly TrainingColumns _columns;
    private readonly TrainingData _rows;
    private readonly torch.Device _device;
    private readonly IChannel _channel;
    private readonly FeatureScaling _scaling;
    private readonly bool _isCrossed;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<AutoencoderTraining> _members = [];

    public DetectorTraining(AnomalyDetectionEstimator.Options options, long seed, TrainingColumns columns, TrainingData rows,
        torch.Device device, IChannel channel)
    {
        (_options, _seed, _columns, _device, _channel) = (options, seed, columns, device, channel);
        _scaling = FeatureScaling.Fit(rows, options.Scaling, columns.FeatureNames, seed);
        if (options.Contamination > 0)
        {
            var far = KeptRows.Farthest(rows, _scaling, options.Contamination, seed, options.Cancellation);
            rows = rows.Where(row => !far.Contains(row));
        }
        _rows = rows;
        _isCrossed = rows.Count < AnomalyDetectionEstimator.LeastRowsToHoldOut;
    }

    public void Dispose() => _members.ForEach(member => member.Dispose());

    /// <summary>
    /// Whether what there is so far is to be kept: the networks that were trained, the last one with its weights at the
    /// time. A training that
    /// is not to be kept has thrown before.
    /// </summary>
    private bool IsCanceled => _options.Cancellation.IsCancellationRequested && _options.WhenCanceled == WhenCanceled.KeepBest;

    /// <summary>Trains the detector.</summary>
    public (AutoencoderModel Model, IReadOnlyList<TrainingEpoch> History) Run()
    {
        int memberCount = _options.Members ?? (_isCrossed ? Folds : 1), folds = (int)Math.Min(Folds, _rows.Count);
        var holdOut = new RowReading { MissingValues = _options.MissingValues, HeldOutShare = HeldOutShare, Seed = _seed };
        var fold = _isCrossed ? FoldsOf(folds) : null;
        bool IsHeldOut(int member, long row) => fold is null ? holdOut.IsHeldOut(row) : fold[row] == member % folds;

        // What each member gives the rows that it was not trained on, by their numbers.
        Dictionary<long, List<float>> scores = [];
        List<DetectorMember> parts = [];
        var codes = new RowStatistics(_options.Member().Code.Size);
        IReadOnlyList<TrainingEpoch>? history = null;
        long[] ofFirst = [];
        for (int i = 0; i < memberCount && (i == 0 || !IsCanceled); i++)
        {
            int index = i;
            float[]? features = FeaturesOf(i);
            int[] hidden = [.. Enumerable.Range(0, features?.Length ?? 0).Where(j => features![j] == 0)];
            TrainingData Rows(Func<long, bool> isWanted) =>
                hidden.Length == 0 ? _rows.Where(isWanted) : _rows.Where(isWanted).Hiding(hidden);
            var heldOut = Rows(row => IsHeldOut(index, row));
            var (member, memberHistory) = Train(i, Drawn(Rows(row => !IsHeldOut(index, row)), i), heldOut);
            history ??= memberHistory;
            parts.Add(new DetectorMember(member.EmitNetwork, member.Masks!, features));
            long[] numbers = MeasuredOf(row => IsHeldOut(index, row), heldOut.Count);
            ofFirst = i == 0 ? numbers : ofFirst;
            var wanted = numbers.ToHashSet();
            Measure(member, heldOut.Count == numbers.Length ? heldOut : Rows(wanted.Contains), numbers, scores, codes);
        }

        long[] measured = [.. scores.Keys.Order()];
        if (measured.Length == 0)
            throw new InvalidOperationException(
                $"None of the {_rows.Count} training rows has a score, which the threshold is to come from: each that was held out has a " +
                    "missing " +
                $"value, and {nameof(_options.ScoringMissingValues)} is {_options.ScoringMissingValues}. Use " +
                $"{nameof(ScoringMissingValues.Hidden)}.");
        double[] sums = new double[measured.Length];
        float Joined(double[] ofPart)
        {
            double weight = 1 / Spread(ofPart);
            for (int i = 0; i < sums.Length; i++)
                sums[i] += ofPart[i] * weight;
            return (float)weight;
        }
        float memberWeight = Joined([.. measured.Select(row => scores[row].Average(score => (double)score))]) / _members.Count;
        List<NeighborMemory> memories = [];
        foreach (var space in _options.Neighbors == 0 ? [] : Spaces())
        {
            var kept = KeptRows.Choose(_rows, space, _options.Neighbors, _options.KeptRows, _seed,
                IsCanceled ? CancellationToken.None : _options.Cancellation);
            memories.Add(kept.ToMemory(Joined(kept.Distances(_rows, measured))));
        }
        ResidualDistance? residual = null;
        if (_options.ResidualDistance)
        {
            using var scorer = _members[0].ToMaskedScorer();
            var (fitted, distances) = ResidualDistances.Of(scorer, _rows, _scaling, ofFirst, measured);
            residual = fitted with { Weight = Joined(distances) };
        }

        var first = _members[0];
        var metadata = first.Describe(history!) with
        {
            Variant = "anomaly detection " + first.Variant,
            ScoreKind = ScoreKind.Detector,
            Options = _options.ToJson(),
        };
        var detector = new DetectorParts
        {
            Members = parts,
            MemberWeight = memberWeight,
            CountedErrors = CountedErrors,
            Neighbors = memories,
            Residual = residual,
        };
        foreach (double sum in sums)
            codes.AddScore((float)sum);
        metadata = codes.AddTo(metadata, _options.Threshold);
        using var result = first.ToDetector(metadata, detector);
        return (result.WithMetadata(metadata,
            new OptionalScores(_options.ProbabilityColumnName is not null, _options.PValueColumnName is not null)), history!);
    }

    /// <summary>How many of the networks' errors count.</summary>
    private int CountedErrors => Math.Max(1, (int)Math.Round(_options.TopShare * _rows.Layout.Features));

    private IEnumerable<NeighborSpace> Spaces()
    {
        if (_options.NeighborSpaces.HasFlag(NeighborSpaces.Features))
            yield return NeighborSpace.OfFeatures(_scaling);
        if (_options.NeighborSpaces.HasFlag(NeighborSpaces.Ranks))
            yield return NeighborSpace.OfRanks(_scaling, _rows, _seed);
        if (!_options.NeighborSpaces.HasFlag(NeighborSpaces.Codes))
            yield break;
        using var scorer = _members[0].ToMaskedScorer();
        yield return NeighborSpace.OfCodes(_scaling, (data, numbers) =>
        {
            var wanted = numbers.ToHashSet();
            List<float> codes = [];
            TrainingScores.Compute(scorer, data.Where(wanted.Contains), (_, code) => codes.AddRange(code));
            return [.. codes];
        });
    }

    /// <summary>1 for each feature that a network has; null where it has all.</summary>
    private float[]? FeaturesOf(int member)
    {
        if (_options.MemberFeatures == 1)
            return null;
        float[] features = new float[_rows.Layout.Features];
        features.AsSpan(0, Math.Max(1, (int)Math.Round(_options.MemberFeatures * features.Length))).Fill(1);
        new Random(SelectionSampling.SeedOf(SeedOf(member))).Shuffle(features);
        return features;
    }

    /// <summary>The rows that a network is trained on, of those that it may be.</summary>
    private TrainingData Drawn(TrainingData rows, int member)
    {
        if (_options.MemberRows == 1)
            return rows;
        var selection = new SelectionSampling(rows.Count, Math.Max(1, (long)Math.Round(_options.MemberRows * rows.Count)), SeedOf(member));
        return rows.Where(_ => selection.Takes());
    }

    private long SeedOf(int member) => unchecked(_seed + member * 0x9E3779B9L);

    private (AutoencoderTraining Member, IReadOnlyList<TrainingEpoch> History) Train(
        int number, TrainingData training, TrainingData heldOut)
    {
        var options = _options.Member();
        options.BatchSize = (int)Math.Min(BatchSize, training.Count);
        if (options.MaxTrainingTime < TimeSpan.MaxValue)
            options.MaxTrainingTime = TimeSpan.FromTicks(Math.Max(1, (options.MaxTrainingTime - _clock.Elapsed).Ticks));
        long stepsOfEpoch = (training.Count + options.BatchSize - 1) / options.BatchSize;
        options.Epochs = (int)Math.Max(
            1, ((_options.Steps ?? (_isCrossed ? CrossedSteps : DefaultSteps)) + stepsOfEpoch - 1) / stepsOfEpoch);
        var member = new AutoencoderTraining(options, SeedOf(number), _columns, training, heldOut,
            _device, _channel, _scaling, isFirst: number == 0);
        _members.Add(member);
        return (member, member.Run(ConvolutionGuard.Process, inspect: null));
    }

    /// <summary>Scores rows that a member was not trained on.</summary>
    private void Measure(AutoencoderTraining member, TrainingData rows, long[] numbers, Dictionary<long, List<float>> scores,
        RowStatistics codes)
    {
        using var scorer = member.ToMaskedScorer();
        int place = 0;
        void Take(float score, ReadOnlySpan<float> code)
        {
            long row = numbers[place++];
            if (!float.IsFinite(score))
                return;
            if (!scores.TryGetValue(row, out var list))
                scores.Add(row, list = []);
            list.Add(score);
            if (_members.Count == 1)
                codes.AddCode(code);
        }
        if (CountedErrors == _rows.Layout.Features)
            TrainingScores.Compute(scorer, rows, Take);
        else
            TrainingScores.Run(scorer, rows, GraphNames.FeatureErrors, GraphNames.Code,
                (_, errors, code) => Take(errors.ToArray().OrderDescending().Take(CountedErrors).Average(), code));
    }

    /// <summary>The numbers of the held-out rows that are measured: all, or as many as are enough.</summary>
    private long[] MeasuredOf(Func<long, bool> isHeldOut, long count)
    {
        var selection = new SelectionSampling(count, Math.Min(count, MostMeasured), _seed);
        List<long> numbers = [];
        for (long row = 0; row < _rows.Count; row++)
        {
            if (isHeldOut(row) && selection.Takes())
                numbers.Add(row);
        }
        return [.. numbers];
    }

    /// <summary>The fold of each row: random ones of nearly the same size.</summary>
    private int[] FoldsOf(int count)
    {
        int[] folds = [.. Enumerable.Range(0, (int)_rows.Count).Select(row => row % count)];
        new Random(SelectionSampling.SeedOf(_seed)).Shuffle(folds);
        return folds;
    }

    /// <summary>A robust spread of some scores; where most are one and the same, that of the others, and 1 where all are.</summary>
    internal static double Spread(double[] scores)
    {
        double median = Median([.. scores]);
        double spread = DeviationOfMedian * Median(Array.ConvertAll(scores, score => Math.Abs(score - median)));
        if (spread > 1e-9 * Math.Abs(median) && spread > 1e-20)
            return spread;
        double deviation = Math.Sqrt(scores.Average(score => (score - scores.Average()) * (score - scores.Average())));
        return deviation > 1e-9 * Math.Abs(median) && deviation > 1e-20 ? deviation : Math.Max(Math.Abs(median), 1);
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[values.Length / 2 - 1] + values[values.Length / 2]) / 2;
    }
}
