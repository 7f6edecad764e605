using Microsoft.ML;

namespace MLNetAutoencoder.Tests.Trainers;

/// <summary>
/// A feature whose values differ by no more than rounding counts as constant; one that is merely small, or far from 0, does not.
/// </summary>
[TestClass]
public sealed class NearlyConstantFeatureTests
{
    private const int RowCount = 400, Feature = 3;

    private static readonly string[] s_constant = ["1 % are one digit larger", "normal with deviation 1e-30", "subnormal"];

    public static IEnumerable<object[]> Constant => from what in s_constant from scaling in Scalings select new object[] { what, scaling };

    public static IEnumerable<object[]> Varying =>
        from kind in new (string What, double Least, double Most)[]
        {
            ("normal with deviation 1e-6", 1e-7, 1e-5),
            ("1 % are 1 and the others 0", 0.05, 1.1),
            ("normal with deviation 10 around 1e6", 5, 100),
        }
        from scaling in Scalings
        select new object[] { kind.What, scaling, kind.Least, kind.Most };

    private static IEnumerable<InputScaling> Scalings => Enum.GetValues<InputScaling>().Where(scaling => scaling != InputScaling.None);

    [TestMethod]
    [DynamicData(nameof(Constant))]
    public void Rounding_counts_as_constant_with_the_warning(string what, InputScaling scaling)
    {
        var (model, ml, rows, warnings) = Fit(what, scaling);
        using var owned = model;
        Assert.AreEqual(1f, model.Metadata.ScalingScales[Feature]);
        string told = string.Join(" | ", warnings);
        StringAssert.Contains(told, "'Features[3]'");

        // A row that is a hundredth off in it scores as one that is a hundredth off in a constant.
        float before = Rows.Read(ml, model.Transform(ml.Data.LoadFromEnumerable(rows[..1])))[0].Score;
        rows[0].Features[Feature] += 0.01f;
        float after = Rows.Read(ml, model.Transform(ml.Data.LoadFromEnumerable(rows[..1])))[0].Score;
        Assert.IsLessThan(0.1f, Math.Abs(after - before), $"{before} and {after}");
    }

    [TestMethod]
    [DynamicData(nameof(Varying))]
    public void Small_rare_or_far_values_are_still_scaled(string what, InputScaling scaling, double least, double most)
    {
        var (model, _, _, warnings) = Fit(what, scaling);
        using var owned = model;
        Assert.IsInRange(least, most, model.Metadata.ScalingScales[Feature]);
        Assert.IsFalse(warnings.Any(message => message.Contains("'Features[3]'", StringComparison.Ordinal)), string.Join(" | ", warnings));
    }

    private static (AutoencoderTransformer Model, MLContext Context, Row[] Rows, string[] Warnings) Fit(string what, InputScaling scaling)
    {
        const float value = 14.62f;
        var numbers = new NormalNumbers(5);
        var rows = Rows.Make(RowCount);
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i].Features[Feature] = what switch
            {
                "1 % are one digit larger" => i % 100 == 50 ? MathF.BitIncrement(value) : value,
                "normal with deviation 1e-30" => (float)(1e-30 * numbers.Next()),
                "subnormal" => (float)(1e-41 * numbers.Next()),
                "normal with deviation 1e-6" => (float)(1e-6 * numbers.Next()),
                "1 % are 1 and the others 0" => i % 100 == 50 ? 1 : 0,
                _ => (float)(1e6 + 10 * numbers.Next()),
            };
        }
        var log = new WatchedLog();
        var model = Rows.Fit(log.Context, options => options.Scaling = scaling, log.Context.Data.LoadFromEnumerable(rows));
        return (model, log.Context, rows, log.Warnings);
    }
}
