using System.Globalization;
using System.Text;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>Tables for the tests.</summary>
internal static class Tables
{
    /// <summary>
    /// Fifteen hundred rows with a column of every kind. The size follows from the color and the weight from the size; in each
    /// hundredth row the weight does not, which the label tells. Some colors and sizes are missing.
    /// </summary>
    public static string Mixed { get; } = MakeMixed();

    /// <summary>Rows of independent, normally distributed numbers.</summary>
    public static string Numbers(int rows, int columns, int seed = 1)
    {
        var random = new Random(seed);
        var text = new StringBuilder().AppendJoin(',', Enumerable.Range(0, columns).Select(i => $"n{i}")).Append('\n');
        for (int i = 0; i < rows; i++)
            text.AppendJoin(',', Enumerable.Range(0, columns).Select(_ => Text(Normal(random), "F4"))).Append('\n');
        return text.ToString();
    }

    private static string MakeMixed()
    {
        var random = new Random(1);
        string[] colors = ["red", "green", "blue"];
        var text = new StringBuilder("id,when,color,size,weight,note,fixed,label\n");
        for (int i = 0; i < 1500; i++)
        {
            int color = random.Next(3);
            double size = color + 1 + 0.1 * Normal(random);
            bool isOdd = i % 100 == 7;
            double weight = 2 * size + 0.1 * Normal(random) + (isOdd ? 3 : 0);
            text.Append(CultureInfo.InvariantCulture, $"{i + 1},2026-01-{i % 28 + 1:00} {i % 24:00}:00:00,")
                .Append(i % 97 == 0 ? "" : colors[color]).Append(',').Append(i % 89 == 0 ? "NA" : Text(size, "F4"))
                .Append(CultureInfo.InvariantCulture, $",{weight:F4},\"note, {random.Next()}\",7,{(isOdd ? "bad" : "ok")}\n");
        }
        return text.ToString();
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
