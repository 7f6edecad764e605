using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class KeyToVectorMappingEstimator : TrivialEstimator<KeyToVectorMappingTransformer>
{
    internal KeyToVectorMappingEstimator(IHostEnvironment env, bool counts, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(KeyToVectorMappingEstimator)), new KeyToVectorMappingTransformer(env, counts, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        bool counts = Transformer.Counts;
        return inputSchema.With(Array.ConvertAll(Transformer.Columns, pair =>
        {
            const SchemaShape.Column.VectorKind scalar = SchemaShape.Column.VectorKind.Scalar, vector = SchemaShape.Column.VectorKind.Vector;
            SchemaShape.Column column = Find(inputSchema, pair.Input);
            bool isVariable = column.Kind == SchemaShape.Column.VectorKind.VariableVector;
            var annotations = new List<SchemaShape.Column>();
            if (column.Annotations.TryFindColumn(AnnotationKinds.KeyValues, out SchemaShape.Column values)
                && values.ItemType is TextDataViewType && ((counts && column.IsKey) || !isVariable))
            {
                annotations.Add(new(AnnotationKinds.SlotNames, vector, TextDataViewType.Instance, false));
            }

            if (!counts && !isVariable)
                annotations.Add(new(AnnotationKinds.CategoricalSlotRanges, vector, NumberDataViewType.Int32, false));
            if (!counts || column.Kind == scalar)
                annotations.Add(new(AnnotationKinds.IsNormalized, scalar, BooleanDataViewType.Instance, false));
            return new SchemaShape.Column(
                pair.Output,
                isVariable && !counts ? SchemaShape.Column.VectorKind.VariableVector : vector,
                NumberDataViewType.Single,
                false,
                new SchemaShape(annotations));
        }));
    }
}

/// <summary>A key becomes the unit vector of its value, a missing one the zero vector; keys of a vector follow each other, or are counted.</summary>
public sealed class KeyToVectorMappingTransformer : OneToOneTransformerBase
{
    internal KeyToVectorMappingTransformer(IHostEnvironment env, bool counts, (string Output, string Input)[] columns)
        : base(env.Register("KeyToVector"), columns) =>
        Counts = counts;

    internal bool Counts { get; }

    internal (string Output, string Input)[] Columns => Pairs;

    internal static KeyToVectorMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => new(env, ctx.Reader.ReadBoolean(), LoadPairs(ctx));

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("KeyToVectorTransform", GetType());
        ctx.Writer.Write(Counts);
        SavePairs(ctx);
    }

    private protected override void CheckInput(DataViewSchema.Column column, int pair)
    {
        if (column.Type.ItemOf() is not KeyDataViewType)
            throw Refuse.WrongColumn("inputSchema", "input", column.Name, "key type of known cardinality", column.Type.ToString());
    }

    private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
    {
        int keys = (int)input.Type.ItemOf().KeyCountOf();
        int count = input.Type.ValueCount();
        bool isScalar = input.Type is not VectorDataViewType;
        var type = Counts || count == 1
            ? new VectorDataViewType(NumberDataViewType.Single, keys)
            : new VectorDataViewType(NumberDataViewType.Single, count, keys);

        var annotations = new DataViewSchema.Annotations.Builder();
        if (input.HasKeyValues() && (Counts || type.IsKnownSize))
        {
            ReadOnlyMemory<char>[] names = SlotNames(input, isScalar || Counts ? 1 : count, isScalar || Counts);
            annotations.Add(
                AnnotationKinds.SlotNames,
                new VectorDataViewType(TextDataViewType.Instance, type.Dimensions),
                (ref VBuffer<ReadOnlyMemory<char>> target) => VBuffer<ReadOnlyMemory<char>>.Copy(names, 0, ref target, names.Length));
        }

        if (!Counts && count > 0)
        {
            int[] ranges = [.. Enumerable.Range(0, count).SelectMany(slot => new[] { slot * keys, ((slot + 1) * keys) - 1 })];
            annotations.Add(
                AnnotationKinds.CategoricalSlotRanges,
                new VectorDataViewType(NumberDataViewType.Int32, count, 2),
                (ref VBuffer<int> target) => VBuffer<int>.Copy(ranges, 0, ref target, ranges.Length));
        }

        if (!Counts || isScalar)
            annotations.AddFlag(AnnotationKinds.IsNormalized);
        return new DataViewSchema.DetachedColumn(Pairs[pair].Output, type, annotations.ToAnnotations());
    }

    private protected override bool ForgetsOnnxOutput => false;

    // Of the encoder's result, [rows, keys of the vector, n], a scalar's is declared as [rows, n] all the same.
    private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair)
    {
        int slots = input.ValueCount(), keys = (int)input.ItemOf().KeyCountOf();
        bool adds = Counts && input is VectorDataViewType;
        string target = context.AddIntermediate(output.Type, output.Name);
        string whole = context.AddIntermediate(new VectorDataViewType(NumberDataViewType.Int64, slots), "Cast");
        context.AddCast(source, whole, typeof(long));
        string encoded = adds ? context.AddIntermediate(new VectorDataViewType(NumberDataViewType.Single, slots, keys), "encoded") : target;
        context.AddNode("OneHotEncoder", OnnxNode.MachineLearning, [whole], encoded)
            .Attribute("cats_int64s", Enumerable.Range(1, keys).Select(key => (long)key).ToArray())
            .Attribute("zeros", 1L);
        if (adds)
            context.AddNode("ReduceSum", OnnxNode.Standard, [encoded], target).Attribute("axes", new[] { 1L }).Attribute("keepdims", 0L);
    }

    private protected override Delegate MakeGetter(DataViewRow input, int column, int pair)
    {
        DataViewType type = input.Schema[column].Type;
        return Generic.Call<Delegate>(
            type is not VectorDataViewType ? ScalarGetter<uint> : Counts ? CountGetter<uint> : VectorGetter<uint>, type.ItemOf().RawType, input, column);
    }

    // A key's own name where there is one key; "slot.key", with the slot's number in brackets where it has no name, where there are several.
    private static ReadOnlyMemory<char>[] SlotNames(DataViewSchema.Column input, int slots, bool isSingle)
    {
        VBuffer<ReadOnlyMemory<char>> keys = default, names = default;
        input.GetKeyValues(ref keys);
        if (isSingle)
            return [.. keys.DenseValues()];
        if (input.HasSlotNames())
            input.GetSlotNames(ref names);
        return [.. Enumerable.Range(0, slots).SelectMany(slot =>
        {
            string name = names.Length > 0 ? names.GetItemOrDefault(slot).ToString() : "";
            return keys.DenseValues().Select(key => $"{(name.Length > 0 ? name : $"[{slot}]")}.{key}".AsMemory());
        })];
    }

    private static ValueGetter<VBuffer<float>> ScalarGetter<T>(DataViewRow input, int column)
        where T : struct, IBinaryInteger<T>
    {
        ValueGetter<T> getter = input.GetGetter<T>(input.Schema[column]);
        int size = (int)input.Schema[column].Type.KeyCountOf();
        T key = default;
        return (ref VBuffer<float> target) =>
        {
            getter(ref key);
            int slot = int.CreateSaturating(key) - 1;
            VBufferEditor<float> editor = VBufferEditor.Create(ref target, size, slot >= 0 && slot < size ? 1 : 0, requireIndicesOnDense: true);
            if (editor.Values.Length > 0)
            {
                editor.Values[0] = 1;
                editor.Indices[0] = slot;
            }

            target = editor.Commit();
        };
    }

    private static ValueGetter<VBuffer<float>> VectorGetter<T>(DataViewRow input, int column)
        where T : struct, IBinaryInteger<T>
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        int size = (int)input.Schema[column].Type.ItemOf().KeyCountOf();
        VBuffer<T> keys = default;
        return (ref VBuffer<float> target) =>
        {
            getter(ref keys);
            ReadOnlySpan<T> values = keys.GetValues();
            VBufferEditor<float> editor = VBufferEditor.Create(ref target, checked(size * keys.Length), values.Length, requireIndicesOnDense: true);
            int count = 0;
            for (int i = 0; i < values.Length; i++)
            {
                int slot = int.CreateSaturating(values[i]) - 1;
                if (slot < 0 || slot >= size)
                    continue;
                editor.Values[count] = 1;
                editor.Indices[count++] = ((keys.IsDense ? i : keys.GetIndices()[i]) * size) + slot;
            }

            target = editor.CommitTruncated(count);
        };
    }

    private static ValueGetter<VBuffer<float>> CountGetter<T>(DataViewRow input, int column)
        where T : struct, IBinaryInteger<T>
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
        int size = (int)input.Schema[column].Type.ItemOf().KeyCountOf();
        VBuffer<T> keys = default;
        return (ref VBuffer<float> target) =>
        {
            getter(ref keys);
            VBufferEditor<float> editor = VBufferEditor.Create(ref target, size);
            editor.Values.Clear();
            foreach (T key in keys.GetValues())
            {
                int slot = int.CreateSaturating(key) - 1;
                if (slot >= 0 && slot < size)
                    editor.Values[slot]++;
            }

            target = editor.Commit();
        };
    }
}
