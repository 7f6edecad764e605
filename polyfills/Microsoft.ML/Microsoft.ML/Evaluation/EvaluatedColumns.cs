using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>The columns that evaluations read.</summary>
internal static class EvaluatedColumns
{
    internal static DataViewSchema.Column Find(DataViewSchema schema, string name, string role) =>
        schema.GetColumnOrNull(name) ?? throw new ArgumentOutOfRangeException(nameof(schema), $"{name} column '{role}' not found");

    /// <summary>Labels as numbers from 0: a key is one more than its label; a missing key, or one beyond the type's count, is a missing label.</summary>
    internal static ValueGetter<float> LabelGetter(DataViewRow row, DataViewSchema.Column label) =>
        label.Type == NumberDataViewType.Single ? row.GetGetter<float>(label) : Generic.Call<ValueGetter<float>>(KeyGetter<uint>, label.Type.RawType, row, label);

    private static ValueGetter<float> KeyGetter<T>(DataViewRow row, DataViewSchema.Column label)
        where T : struct, IBinaryInteger<T>
    {
        ValueGetter<T> getter = row.GetGetter<T>(label);
        ulong count = label.Type.KeyCountOf();
        T key = default;
        return (ref float target) =>
        {
            getter(ref key);
            ulong value = ulong.CreateTruncating(key);
            target = value > 0 && value <= count ? value - 1 : float.NaN;
        };
    }
}
