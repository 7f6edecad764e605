using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// Every option, found by reflection so that none is forgotten: a value out of its range is refused when the estimator
/// is made, by a message that names the option, the value and the range; the ends of the range that it names are taken.
/// </summary>
[TestClass]
public sealed partial class OptionRangeTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    // What has no range: any seed will do.
    private static readonly string[] s_free = ["Seed"];

    /// <summary>Between them, every type of options there is.</summary>
    private static readonly Dictionary<string, Func<object>> s_options = new()
    {
        ["dense"] = () => Common(options =>
        {
            options.Network = new DenseNetworkOptions { Hidden = [10], DecoderHidden = [10] };
            options.Code = new CodeOptions { OffsetColumnName = "Offset", OffsetHidden = [4] };
            options.Corruption = new GaussianCorruption(0.1);
            options.Penalties = [new L1Penalty(0.1), new ContractivePenalty(0.1)];
            options.Optimizer = new AdamOptimizer();
            options.Schedule = new StepSchedule(1);
        }),
        ["sigmoid code"] = () => Common(options =>
        {
            options.Code = new CodeOptions { Activation = Activation.Sigmoid };
            options.Corruption = new MaskingCorruption(0.1);
            options.Penalties = [new KullbackLeiblerPenalty(0.1), new BinaryCodePenalty(0.1)];
            options.Optimizer = new AdamWOptimizer();
            options.Schedule = new CosineSchedule();
        }),
        ["variational"] = () => Common(options =>
        {
            options.Code = options.Code with { Variational = new VariationalOptions() };
            options.CodeLogVarianceColumnName = "CodeLogVariance";
            options.Corruption = new SaltAndPepperCorruption(0.1);
            options.Optimizer = new SgdOptimizer();
            options.Schedule = new OneCycleSchedule();
        }),
        ["convolutional"] = () => Common(options =>
        {
            options.Network = new ConvolutionalNetworkOptions { Height = 3, Width = 4, Filters = [4], Pooling = [2], Hidden = [5] };
            options.Optimizer = new RmsPropOptimizer();
            options.Schedule = new PlateauSchedule();
        }),
        ["temporal convolutional"] = () => Common(options =>
            options.Network = new TemporalConvolutionNetworkOptions { Channels = 2, Width = 6, Filters = [4], Dilations = [2] }),
        ["layers"] = () => Common(options =>
        {
            options.Network = new LayersNetworkOptions();
            options.Masking = new Masking();
        }),
        ["anomaly detection"] = () => new AnomalyDetectionEstimator.Options
        {
            LabelColumnName = "Label", AnomalyLabelValue = "bad", ProbabilityColumnName = "Probability", PValueColumnName = "PValue",
            CodeColumnName = "Code", ReconstructionColumnName = "Reconstruction", FeatureErrorsColumnName = "FeatureErrors",
            Members = 2, MemberRows = 0.5, MemberFeatures = 0.5, Width = 8, Code = 4, Steps = 10, Neighbors = 2, KeptRows = 10, Threads = 1,
            TopShare = 0.5, ResidualDistance = true, NeighborSpaces = NeighborSpaces.Features | NeighborSpaces.Ranks,
            Scoring = new ScoringOptions { BatchSize = 8, IntraOpThreads = 1, GpuDeviceId = 0 },
        },
        ["time series"] = () => new TimeSeriesEstimator.Options
        {
            TimeColumnName = "Time", KeyColumnName = "Key", LabelColumnName = "Label", AnomalyLabelValue = "bad",
            PValueColumnName = "PValue", ExpectedColumnName = "Expected", ChannelErrorsColumnName = "Errors",
            Network = new TemporalConvolutionNetworkOptions { Filters = [4], Dilations = [2] }, Steps = 10, Neighbors = 2,
            Threads = 1, GradientClipping = 1,
            Scoring = new ScoringOptions { BatchSize = 8, IntraOpThreads = 1, GpuDeviceId = 0 },
        },
        ["stacked"] = () =>
        {
            var options = Common(options => options.Pretraining = new PretrainingOptions());
            options.ConditionColumnName = null;
            return options;
        },
    };

    public static IEnumerable<object[]> Names => s_options.Keys.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void A_value_out_of_its_range_is_refused_by_name_with_value_and_range(string name)
    {
        Make(s_options[name]());
        int checks = 0;
        foreach (var option in Walk(s_options[name](), ""))
        {
            foreach (object? value in Wrong(option))
            {
                string message = Refusal(name, option.Path, value)
                    ?? throw new AssertFailedException($"{option.Path} = {Text(value)} is taken");
                StringAssert.Contains(message, $"option {Shown(option.Path)} is ", $"of {Text(value)}");
                StringAssert.Contains(message, Text(value), $"of {option.Path}");
                StringAssert.Matches(message, Range(), $"of {option.Path} = {Text(value)}");
                if (value is int && Least().Match(message) is { Success: true } least)
                {
                    int first = int.Parse(least.Groups[1].Value, CultureInfo.InvariantCulture);
                    Assert.IsTrue(Refusal(name, option.Path, first - 1)?.Contains($"is {first - 1}; expected", StringComparison.Ordinal),
                        $"{option.Path} = {first - 1}");
                    Assert.IsFalse(Refusal(name, option.Path, first)?.Contains($"is {first}; expected", StringComparison.Ordinal) ?? false,
                        $"{option.Path} = {first}");
                }
                checks++;
            }
        }
        Assert.IsGreaterThan(name == "anomaly detection" ? 60 : 80, checks);
    }

    [TestMethod]
    public void The_walk_sees_every_kind_of_options_there_is()
    {
        var seen = s_options.Values.SelectMany(make => Walk(make(), "")).Select(option => option.Owner.GetType()).ToHashSet();
        foreach (var type in typeof(AutoencoderEstimator).Assembly.GetExportedTypes()
            .Where(type => type is { IsAbstract: false, IsEnum: false } && IsOptions(type)))
            Assert.IsTrue(seen.Contains(type) || type.GetProperties().All(property => property.DeclaringType == typeof(object))
                || type == typeof(ConstantSchedule), type.Name);

        static bool IsOptions(Type type) => new[] { typeof(NetworkOptions), typeof(Corruption), typeof(CodePenalty), typeof(Optimizer),
            typeof(LearningRateSchedule) }.Any(root => root.IsAssignableFrom(type))
            || (type.Name.EndsWith("Options", StringComparison.Ordinal) && type.DeclaringType != typeof(StackedClassifierEstimator))
                || type == typeof(EarlyStopping);
    }

    private static AutoencoderEstimator.Options Common(Action<AutoencoderEstimator.Options> change)
    {
        var options = VariantRows.Options();
        (options.ConditionColumnName, options.WeightColumnName, options.ProbabilityColumnName) = ("Key", "Weight", "Probability");
        (options.CodeColumnName, options.ReconstructionColumnName, options.FeatureErrorsColumnName) = (
            "Code", "Reconstruction", "FeatureErrors");
        options.FeatureWeights = [1, 2];
        (options.GradientClipping, options.ValidationShare, options.EarlyStopping) = (1, 0.1, new EarlyStopping());
        options.Checkpoint = new CheckpointOptions { Folder = "checkpoints" };
        options.Scoring = new ScoringOptions { BatchSize = 8, IntraOpThreads = 1, GpuDeviceId = 0 };
        change(options);
        return options;
    }

    private static void Make(object options)
    {
        if (options is AnomalyDetectionEstimator.Options detection)
            s_ml.Autoencoders().AnomalyDetection(detection);
        else if (options is TimeSeriesEstimator.Options series)
            s_ml.Autoencoders().TimeSeries(series);
        else
            s_ml.Autoencoders().Autoencoder((AutoencoderEstimator.Options)options);
    }

    /// <summary>What the message is with an option at a value; null where it is taken.</summary>
    private static string? Refusal(string name, string path, object? value)
    {
        var options = s_options[name]();
        var option = Walk(options, "").Single(option => option.Path == path);
        option.Property.SetValue(option.Owner, value);
        try
        {
            Make(options);
            return null;
        }
        catch (ArgumentException e)
        {
            return e.Message;
        }
    }

    /// <summary>Every property of the options and of the options in them.</summary>
    private static IEnumerable<(string Path, object Owner, PropertyInfo Property)> Walk(object owner, string path)
    {
        foreach (var property in owner.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite))
        {
            string here = path + property.Name;
            yield return (here, owner, property);
            object? value = property.GetValue(owner);
            if (value is IEnumerable<CodePenalty> penalties)
            {
                foreach (var inner in penalties.SelectMany(penalty => Walk(penalty, $"{here}.{penalty.GetType().Name}.")))
                    yield return inner;
            }
            else if (value is not null and not ThresholdRule && property.PropertyType.Namespace == typeof(AutoencoderEstimator).Namespace
                && property.PropertyType.IsClass)
            {
                foreach (var inner in Walk(value, $"{here}."))
                    yield return inner;
            }
        }
    }

    private static IEnumerable<object?> Wrong((string Path, object Owner, PropertyInfo Property) option)
    {
        var type = option.Property.PropertyType;
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (s_free.Contains(option.Path))
            yield break;
        if (plain == typeof(double))
        {
            foreach (double value in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1, -1e-300 })
                yield return value;
        }
        else if (plain == typeof(int))
        {
            foreach (int value in new[] { int.MinValue, -1 })
                yield return value;
        }
        else if (plain.IsEnum)
            yield return Enum.ToObject(plain, 99);
        else if (plain == typeof(TimeSpan))
        {
            yield return TimeSpan.Zero;
            yield return TimeSpan.FromSeconds(-1);
        }
        else if (plain == typeof(string))
        {
            yield return "";
            yield return " ";
        }
        else if (plain == typeof(IReadOnlyList<int>))
        {
            yield return new[] { 0 };
            yield return new[] { -1 };
        }
        else if (plain == typeof(IReadOnlyList<float>))
        {
            yield return new[] { 1, float.NaN };
            yield return new[] { 1, float.PositiveInfinity };
            yield return new[] { 1, -1f };
        }
        else if (plain == typeof(IReadOnlyList<CodePenalty>))
            yield return new CodePenalty?[] { null };
        if (!plain.IsValueType && new NullabilityInfoContext().Create(option.Property).WriteState == NullabilityState.NotNull)
            yield return null;
    }

    private static string Shown(string path) => path.StartsWith("Scoring.", StringComparison.Ordinal)
        ? $"{nameof(ScoringOptions)}.{path["Scoring.".Length..]}" : path;

    private static string Text(object? value) => value switch
    {
        null or CodePenalty?[] => "null",
        string => "empty",
        IList list => Text(list[^1]),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    [GeneratedRegex(
        "expected (at least|more than|an odd number of at least|one of|a value|the name of a column|the path of a folder|the path of a " +
        "file)")]
    private static partial Regex Range();

    [GeneratedRegex(@"expected (?:an odd number of )?at least (\d+)")]
    private static partial Regex Least();
}
