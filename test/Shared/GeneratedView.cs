using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLNetAutoencoder.Tests;

/// <summary>A view of <paramref name="width"/> features that two hidden numbers decide; it holds none of its rows.</summary>
internal sealed class GeneratedView(long rows, int width)
    : OneColumnView<VBuffer<float>>(SchemaOf(width), rows, (long row, ref VBuffer<float> value) => Make(row, width, ref value))
{
    /// <summary>The first feature, which tells rows apart.</summary>
    public static float First(long row) => row % 100_003 / 100_003f;

    private static DataViewSchema SchemaOf(int width)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Features", new VectorDataViewType(NumberDataViewType.Single, width));
        return builder.ToSchema();
    }

    private static void Make(long row, int width, ref VBuffer<float> value)
    {
        var editor = VBufferEditor.Create(ref value, width);
        float a = First(row), b = row * 7919 % 10_007 / 10_007f;
        editor.Values[0] = a;
        for (int j = 1; j < width; j++)
            editor.Values[j] = j % 2 == 0 ? a * j - b : b + a * b / j;
        value = editor.Commit();
    }
}
