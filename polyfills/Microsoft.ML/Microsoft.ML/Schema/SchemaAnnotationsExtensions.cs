namespace Microsoft.ML.Data;

/// <summary>The annotations that components agree on.</summary>
public static class SchemaAnnotationsExtensions
{
    public static bool HasSlotNames(this DataViewSchema.Column column) =>
        column.Type is VectorDataViewType { Size: > 0 } vector
        && column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.SlotNames)?.Type is VectorDataViewType { ItemType: TextDataViewType } names
        && names.Size == vector.Size;

    public static void GetSlotNames(this DataViewSchema.Column column, ref VBuffer<ReadOnlyMemory<char>> slotNames) =>
        column.Annotations.GetValue(AnnotationKinds.SlotNames, ref slotNames);

    public static bool HasKeyValues(this DataViewSchema.Column column, PrimitiveDataViewType keyValueItemType = null) =>
        column.Type.ItemOf() is KeyDataViewType key
        && column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type is VectorDataViewType values
        && key.Count == (ulong)values.Size
        && (keyValueItemType ?? TextDataViewType.Instance).Equals(values.ItemType);

    public static void GetKeyValues<TValue>(this DataViewSchema.Column column, ref VBuffer<TValue> keyValues) =>
        column.Annotations.GetValue(AnnotationKinds.KeyValues, ref keyValues);

    public static bool IsNormalized(this DataViewSchema.Column column)
    {
        bool normalized = false;
        if (column.Annotations.Schema.GetColumnOrNull(AnnotationKinds.IsNormalized)?.Type is BooleanDataViewType)
            column.Annotations.GetValue(AnnotationKinds.IsNormalized, ref normalized);
        return normalized;
    }
}

internal static class AnnotationKinds
{
    internal const string SlotNames = "SlotNames";
    internal const string KeyValues = "KeyValues";
    internal const string IsNormalized = "IsNormalized";
    internal const string CategoricalSlotRanges = "CategoricalSlotRanges";

    /// <summary>A constant vector of names under the given kind.</summary>
    internal static void AddNames(this DataViewSchema.Annotations.Builder builder, string kind, ReadOnlyMemory<char>[] names)
    {
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> getter = (ref VBuffer<ReadOnlyMemory<char>> target) =>
            VBuffer<ReadOnlyMemory<char>>.Copy(names, 0, ref target, names.Length);
        builder.Add(kind, new VectorDataViewType(TextDataViewType.Instance, names.Length), getter);
    }

    internal static void AddFlag(this DataViewSchema.Annotations.Builder builder, string kind) =>
        builder.AddPrimitiveValue(kind, BooleanDataViewType.Instance, true);

    /// <summary>Slots that stand for one categorical value each: pairs of first and last slot; null unless they are well formed.</summary>
    internal static int[] CategoricalRanges(DataViewSchema.Column column)
    {
        if (column.Type is not VectorDataViewType { Size: > 0 } vector
            || column.Annotations.Schema.GetColumnOrNull(CategoricalSlotRanges)?.Type.RawType != typeof(VBuffer<int>))
        {
            return null;
        }

        VBuffer<int> value = default;
        column.Annotations.GetValue(CategoricalSlotRanges, ref value);
        int[] ranges = [.. value.DenseValues()];
        if (ranges.Length == 0 || ranges.Length % 2 != 0 || ranges.Length > 2 * vector.Size)
            return null;
        int last = -1;
        for (int i = 0; i < ranges.Length; i += 2)
        {
            if (ranges[i] <= last || ranges[i] > ranges[i + 1] || ranges[i + 1] >= vector.Size)
                return null;
            last = ranges[i + 1];
        }

        return ranges;
    }
}
