using Microsoft.ML;
using Microsoft.ML.Data;
using MLNetAutoencoder.Onnx;

namespace MLNetAutoencoder;

/// <summary>
/// The columns that name a row's features with the largest errors, their values, the values expected in their places,
/// and their shares of the error.
/// </summary>
internal sealed class TopFeatureColumns(string prefix, int count, IReadOnlyList<string> featureNames)
{
    private static readonly string[] s_sources = [GraphNames.FeatureErrors, GraphNames.Reconstruction];

    private readonly ReadOnlyMemory<char>[] _names = [.. featureNames.Select(name => name.AsMemory())];

    public IEnumerable<OutputColumn> Columns()
    {
        var numbers = new VectorDataViewType(NumberDataViewType.Single, count);
        yield return new($"{prefix}Names", new VectorDataViewType(TextDataViewType.Instance, count), DataViewSchema.Annotations.Empty,
            s_sources, (source, places) =>
            Getter(source, places, (runner, row, feature, sum) => _names[feature]));
        yield return Numbers("Values", (runner, row, feature, places, sum) => runner.InputRow(0, row)[feature]);
        yield return Numbers("Expected", (runner, row, feature, places, sum) => runner.OutputRow<float>(places[1], row)[feature]);
        yield return Numbers("Shares", (runner, row, feature, places, sum) =>
            TopFeatures.Share(runner.OutputRow<float>(places[0], row)[feature], sum));

        OutputColumn Numbers(string suffix, Func<BatchRunner, int, int, int[], double, float> read) =>
            new($"{prefix}{suffix}", numbers, DataViewSchema.Annotations.Empty, s_sources, (source, places) =>
            Getter(source, places, (runner, row, feature, sum) => read(runner, row, feature, places, sum)));
    }

    private ValueGetter<VBuffer<T>> Getter<T>(IOutputRow source, int[] places, Func<BatchRunner, int, int, double, T> read)
    {
        int[] top = new int[count];
        return (ref VBuffer<T> value) =>
        {
            var runner = source.Locate(out int row);
            var errors = runner.OutputRow<float>(places[0], row);
            TopFeatures.Find(errors, top);
            double sum = TopFeatures.Sum(errors);
            var editor = VBufferEditor.Create(ref value, top.Length);
            for (int i = 0; i < top.Length; i++)
                editor.Values[i] = read(runner, row, top[i], sum);
            value = editor.Commit();
        };
    }
}
