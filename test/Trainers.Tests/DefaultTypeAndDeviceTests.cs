using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// The default type and the default device of the process, which are the caller's, change nothing in a fit and stay as they are.
/// </summary>
[TestClass]
public sealed class DefaultTypeAndDeviceTests
{
    private static readonly MLContext s_ml = new(seed: 1);

    public static IEnumerable<object[]> Kinds => EveryVariant.Data;

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Doubles_by_default_change_no_kind_of_autoencoder(string kind) => AssertSameModel(WithDoubles, () => Scorer(kind));

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Another_default_device_changes_no_kind_of_autoencoder(string kind) =>
        AssertSameModel(WithMetaDevice, () => Scorer(kind));

    [TestMethod]
    public void Neither_changes_a_classifier()
    {
        AssertSameModel(WithDoubles, Probabilities);
        AssertSameModel(WithMetaDevice, Probabilities);

        static float[] Probabilities()
        {
            var options = new StackedClassifierEstimator.Options { Hidden = [8], Code = 4, PretrainingEpochs = 1, Epochs = 1, Seed = 3 };
            var digits = DigitRows.View(s_ml, [.. DigitRows.Read(seed: 5).Take(100)]);
            using var model = new StackedClassifierEstimator(s_ml, options).Fit(digits);
            return [.. model.Transform(digits).GetColumn<float[]>("Score").SelectMany(row => row)];
        }
    }

    private static void AssertSameModel<T>(Action<Action> within, Func<T[]> fit)
    {
        T[] expected = fit(), actual = [];
        within(() => actual = fit());
        CollectionAssert.AreEqual(expected, actual);
    }

    private static void WithDoubles(Action body)
    {
        var before = torch.get_default_dtype();
        torch.set_default_dtype(torch.ScalarType.Float64);
        try
        {
            body();
            Assert.AreEqual(torch.ScalarType.Float64, torch.get_default_dtype());
        }
        finally
        {
            torch.set_default_dtype(before);
        }
    }

    private static void WithMetaDevice(Action body)
    {
        var before = torch.get_default_device();
        torch.set_default_device(torch.META);
        try
        {
            body();
            Assert.AreEqual(DeviceType.META, torch.get_default_device().type);
        }
        finally
        {
            torch.set_default_device(before);
        }
    }

    /// <summary>The bytes of a newly fitted model.</summary>
    private static byte[] Scorer(string kind) =>
        DenseTests.Scorer(s_ml.Autoencoders().Autoencoder(EveryVariant.Options(kind)).Fit(EveryVariant.Rows(60)));
}
