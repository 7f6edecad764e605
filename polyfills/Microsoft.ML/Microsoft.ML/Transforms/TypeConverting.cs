using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class TypeConvertingEstimator : TrivialEstimator<TypeConvertingTransformer>
{
    internal TypeConvertingEstimator(IHostEnvironment env, DataKind kind, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(TypeConvertingEstimator)), new TypeConvertingTransformer(env, kind, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        return inputSchema.With(Array.ConvertAll(Transformer.Columns, pair =>
        {
            SchemaShape.Column column = Find(inputSchema, pair.Input);
            Transformer.CheckConversion(column.IsKey ? null : column.ItemType, pair.Input);
            return new SchemaShape.Column(pair.Output, column.Kind, Transformer.ItemType, false, column.Annotations);
        }));
    }
}

/// <summary>Numbers and truth values become numbers of another type.</summary>
public sealed class TypeConvertingTransformer : OneToOneTransformerBase
{
    private readonly DataKind _kind;

    internal TypeConvertingTransformer(IHostEnvironment env, DataKind kind, (string Output, string Input)[] columns)
        : base(env.Register(nameof(TypeConvertingTransformer)), columns)
    {
        _kind = kind;
        ItemType = DataViewTypes.FromKind(kind);
        if (ItemType != NumberDataViewType.Single && ItemType != NumberDataViewType.Double)
            throw new NotSupportedException("Conversions to other types than Single and Double are not part of this polyfill.");
    }

    internal PrimitiveDataViewType ItemType { get; }

    internal (string Output, string Input)[] Columns => Pairs;

    internal static TypeConvertingTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => new(env, (DataKind)ctx.Reader.ReadByte(), LoadPairs(ctx));

    /// <summary>Refuses a type that is not converted; null stands for a key.</summary>
    internal void CheckConversion(DataViewType item, string column)
    {
        if (item is null or RowIdDataViewType)
            throw new ArgumentOutOfRangeException("inputSchema", $"Can't convert {column} into {ItemType}");
        if (item is not NumberDataViewType and not BooleanDataViewType)
            throw new NotSupportedException($"The conversion of {item} ('{column}') is not part of this polyfill.");
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("ConvertTransform", GetType());
        ctx.Writer.Write((byte)_kind);
        SavePairs(ctx);
    }

    private protected override void CheckInput(DataViewSchema.Column column, int pair) =>
        CheckConversion(column.Type.ItemOf() is KeyDataViewType ? null : column.Type.ItemOf(), column.Name);

    private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
    {
        var annotations = new DataViewSchema.Annotations.Builder();
        if (input.Type is VectorDataViewType { IsKnownSize: true })
            annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
        if (input.Type.ItemOf() is NumberDataViewType)
            annotations.Add(input.Annotations, kind => kind == AnnotationKinds.IsNormalized);
        if (input.Type is BooleanDataViewType)
            annotations.AddFlag(AnnotationKinds.IsNormalized);
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(ItemType, vector.Dimensions) : ItemType;
        return new DataViewSchema.DetachedColumn(Pairs[pair].Output, type, annotations.ToAnnotations());
    }

    private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair) =>
        context.AddCast(source, context.AddIntermediate(output.Type, output.Name), ItemType.RawType);

    private protected override Delegate MakeGetter(DataViewRow input, int column, int pair)
    {
        DataViewType type = input.Schema[column].Type;
        bool isVector = type is VectorDataViewType;
        Type from = type.ItemOf().RawType;
        return from == typeof(bool)
            ? Generic.Call<Delegate>(isVector ? TruthVectorGetter<float> : TruthGetter<float>, ItemType.RawType, input, column)
            : Generic.Call<Delegate>(isVector ? VectorGetter<int, float> : ScalarGetter<int, float>, [from, ItemType.RawType], input, column);
    }

    private static ValueGetter<TTo> ScalarGetter<TFrom, TTo>(DataViewRow input, int column)
        where TFrom : struct, INumber<TFrom>
        where TTo : struct, INumber<TTo> =>
        Scalar<TFrom, TTo>(input, column, TTo.CreateTruncating);

    private static ValueGetter<VBuffer<TTo>> VectorGetter<TFrom, TTo>(DataViewRow input, int column)
        where TFrom : struct, INumber<TFrom>
        where TTo : struct, INumber<TTo> =>
        Vector<TFrom, TTo>(input, column, TTo.CreateTruncating);

    private static ValueGetter<TTo> TruthGetter<TTo>(DataViewRow input, int column)
        where TTo : struct, INumber<TTo> =>
        Scalar<bool, TTo>(input, column, value => value ? TTo.One : TTo.Zero);

    private static ValueGetter<VBuffer<TTo>> TruthVectorGetter<TTo>(DataViewRow input, int column)
        where TTo : struct, INumber<TTo> =>
        Vector<bool, TTo>(input, column, value => value ? TTo.One : TTo.Zero);

    private static ValueGetter<TTo> Scalar<TFrom, TTo>(DataViewRow input, int column, Func<TFrom, TTo> convert)
    {
        ValueGetter<TFrom> getter = input.GetGetter<TFrom>(input.Schema[column]);
        TFrom value = default;
        return (ref TTo target) =>
        {
            getter(ref value);
            target = convert(value);
        };
    }

    private static ValueGetter<VBuffer<TTo>> Vector<TFrom, TTo>(DataViewRow input, int column, Func<TFrom, TTo> convert)
    {
        ValueGetter<VBuffer<TFrom>> getter = input.GetGetter<VBuffer<TFrom>>(input.Schema[column]);
        VBuffer<TFrom> values = default;
        return (ref VBuffer<TTo> target) =>
        {
            getter(ref values);
            ReadOnlySpan<TFrom> source = values.GetValues();
            VBufferEditor<TTo> editor = VBufferEditor.Create(ref target, values.Length, source.Length);
            for (int i = 0; i < source.Length; i++)
                editor.Values[i] = convert(source[i]);
            values.GetIndices().CopyTo(editor.Indices);
            target = editor.Commit();
        };
    }
}
