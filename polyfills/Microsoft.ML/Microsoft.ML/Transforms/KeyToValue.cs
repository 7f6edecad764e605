using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(KeyToValueMappingEstimator)), new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        return inputSchema.With(Array.ConvertAll(Transformer.Columns, pair =>
        {
            SchemaShape.Column column = Find(inputSchema, pair.Input);
            if (!column.IsKey)
                throw Refuse.WrongColumn(nameof(inputSchema), "input", pair.Input, "KeyDataViewType", column.TypeText());
            if (!column.Annotations.TryFindColumn(AnnotationKinds.KeyValues, out SchemaShape.Column values))
                throw Refuse.WrongColumn(nameof(inputSchema), "input", pair.Input, "KeyValues annotation", column.TypeText());
            SchemaShape annotations = column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out SchemaShape.Column names) ? new([names]) : null;
            return new SchemaShape.Column(pair.Output, column.Kind, values.ItemType, values.IsKey, annotations);
        }));
    }
}

/// <summary>Keys become the values that their annotation names; a missing key the missing value.</summary>
public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal KeyToValueMappingTransformer(IHostEnvironment env, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    internal (string Output, string Input)[] Columns => Pairs;

    internal static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => new(env, LoadPairs(ctx));

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("KeyToValueTransform", GetType());
        SavePairs(ctx);
    }

    private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
    {
        PrimitiveDataViewType values = ValuesOf(input).ItemType;
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(values, vector.Dimensions) : values;
        return new DataViewSchema.DetachedColumn(Pairs[pair].Output, type, annotations.ToAnnotations());
    }

    private protected override Delegate MakeGetter(DataViewRow input, int column, int pair)
    {
        DataViewType type = input.Schema[column].Type;
        return Generic.Call<Delegate>(
            type is VectorDataViewType ? VectorGetter<uint, int> : ScalarGetter<uint, int>,
            [type.ItemOf().RawType, ValuesOf(input.Schema[column]).ItemType.RawType],
            input,
            input.Schema[column]);
    }

    private static VectorDataViewType ValuesOf(DataViewSchema.Column input)
    {
        var values = input.Annotations.Schema.GetColumnOrNull(AnnotationKinds.KeyValues)?.Type as VectorDataViewType;
        Refuse.StateUnless(values is not null, "Metadata KeyValues does not exist");
        Refuse.StateUnless(
            (ulong)values.Size == input.Type.ItemOf().KeyCountOf(), "KeyValues metadata size does not match column type key count");
        return values;
    }

    private static ValueGetter<TValue> ScalarGetter<TKey, TValue>(DataViewRow input, DataViewSchema.Column column)
        where TKey : struct, IBinaryInteger<TKey>
    {
        ValueGetter<TKey> getter = input.GetGetter<TKey>(column);
        TValue[] values = Values<TValue>(column);
        TKey key = default;
        return (ref TValue target) =>
        {
            getter(ref key);
            target = values[Math.Min(int.CreateSaturating(key), values.Length) % values.Length];
        };
    }

    private static ValueGetter<VBuffer<TValue>> VectorGetter<TKey, TValue>(DataViewRow input, DataViewSchema.Column column)
        where TKey : struct, IBinaryInteger<TKey>
    {
        ValueGetter<VBuffer<TKey>> getter = input.GetGetter<VBuffer<TKey>>(column);
        TValue[] values = Values<TValue>(column);
        VBuffer<TKey> keys = default, dense = default;
        return (ref VBuffer<TValue> target) =>
        {
            getter(ref keys);
            keys.CopyToDense(ref dense);
            VBufferEditor<TValue> editor = VBufferEditor.Create(ref target, dense.Length);
            for (int i = 0; i < dense.Length; i++)
                editor.Values[i] = values[Math.Min(int.CreateSaturating(dense.GetValues()[i]), values.Length) % values.Length];
            target = editor.Commit();
        };
    }

    /// <summary>The values at their keys, the missing one at 0.</summary>
    private static TValue[] Values<TValue>(DataViewSchema.Column column)
    {
        VBuffer<TValue> values = default;
        column.GetKeyValues(ref values);
        object missing = typeof(TValue) == typeof(float) ? float.NaN : typeof(TValue) == typeof(double) ? double.NaN : default(TValue);
        return [(TValue)missing, .. values.DenseValues()];
    }
}
