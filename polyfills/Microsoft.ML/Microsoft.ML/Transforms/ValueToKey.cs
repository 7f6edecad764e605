using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly IHost _host;
    private readonly string _output;
    private readonly string _input;
    private readonly int _maximum;
    private readonly KeyOrdinality _order;
    private readonly bool _namesAsText;

    internal ValueToKeyMappingEstimator(IHostEnvironment env, string output, string input, int maximum, KeyOrdinality order, bool namesAsText = false)
    {
        Refuse.Blank(output, "outputColumnName");
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        _output = output;
        _input = input;
        _maximum = maximum;
        _order = order;
        _namesAsText = namesAsText;
    }

    /// <summary>Which value gets which key.</summary>
    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        Refuse.Null(input, nameof(input));
        DataViewSchema.Column column = input.Schema.GetColumnOrNull(_input) ?? throw Refuse.MissingColumn(nameof(input), "input", _input);
        if (column.Type.ItemOf() is KeyDataViewType)
            throw new NotSupportedException("Keys of keys are not part of this polyfill.");
        string[] values = Generic.Call<string[]>(
            column.Type is VectorDataViewType ? CollectVectors<int> : CollectScalars<int>, column.Type.ItemOf().RawType, input, column);
        return new ValueToKeyMappingTransformer(_host, (PrimitiveDataViewType)column.Type.ItemOf(), values, _namesAsText, [(_output, _input)]);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        if (!inputSchema.TryFindColumn(_input, out SchemaShape.Column column))
            throw Refuse.MissingColumn(nameof(inputSchema), "input", _input);
        var annotations = new List<SchemaShape.Column>();
        if (column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out SchemaShape.Column names))
            annotations.Add(names);
        annotations.Add(new(AnnotationKinds.KeyValues, SchemaShape.Column.VectorKind.Vector, _namesAsText ? TextDataViewType.Instance : column.ItemType, column.IsKey));
        return inputSchema.With(new SchemaShape.Column(_output, column.Kind, NumberDataViewType.UInt32, true, new SchemaShape(annotations)));
    }

    private string[] CollectScalars<T>(IDataView input, DataViewSchema.Column column) => Collect(input.GetColumn<T>(column));

    private string[] CollectVectors<T>(IDataView input, DataViewSchema.Column column) =>
        Collect(input.GetColumn<VBuffer<T>>(column).SelectMany(vector => vector.DenseValues()));

    private string[] Collect<T>(IEnumerable<T> all)
    {
        var seen = new HashSet<string>();
        var values = new List<(T Value, string Text)>();
        foreach (T value in all)
        {
            string text = KeyValues.ToText(value);
            if (text is not null && values.Count < _maximum && seen.Add(text))
                values.Add((typeof(T) == typeof(ReadOnlyMemory<char>) ? (T)(object)text.AsMemory() : value, text));
        }

        IEnumerable<(T Value, string Text)> ordered = _order == KeyOrdinality.ByOccurrence ? values
            : typeof(T) == typeof(ReadOnlyMemory<char>) ? values.OrderBy(value => value.Text, StringComparer.Ordinal)
            : values.OrderBy(value => value.Value);
        return [.. ordered.Select(value => value.Text)];
    }
}

/// <summary>Values become the keys that fitting gave them; other values are missing.</summary>
public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    private readonly PrimitiveDataViewType _valueType;
    private readonly string[] _values;
    private readonly bool _namesAsText;
    private readonly Dictionary<string, uint> _keys = [];

    internal ValueToKeyMappingTransformer(
        IHostEnvironment env, PrimitiveDataViewType valueType, string[] values, bool namesAsText, (string Output, string Input)[] columns)
        : base(env.Register(nameof(ValueToKeyMappingTransformer)), columns)
    {
        _valueType = valueType;
        _values = values;
        _namesAsText = namesAsText;
        foreach (string value in values)
            _keys.Add(value, (uint)_keys.Count + 1);
    }

    internal static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        (string Output, string Input)[] pairs = LoadPairs(ctx);
        bool namesAsText = ctx.Reader.ReadBoolean();
        Type raw = typeof(object).Assembly.GetType(ctx.LoadNonEmptyString());
        var values = new string[ctx.Reader.ReadInt32()];
        for (int i = 0; i < values.Length; i++)
            values[i] = ctx.Reader.ReadString();
        return new ValueToKeyMappingTransformer(env, DataViewTypes.FromRaw(raw), values, namesAsText, pairs);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("TermTransform", GetType());
        SavePairs(ctx);
        ctx.Writer.Write(_namesAsText);
        ctx.Writer.Write(_valueType is TextDataViewType ? typeof(string).FullName : _valueType.RawType.FullName);
        ctx.Writer.Write(_values.Length);
        foreach (string value in _values)
            ctx.Writer.Write(value);
    }

    // What the keys' values are shown as.
    private PrimitiveDataViewType NameType => _namesAsText ? TextDataViewType.Instance : _valueType;

    private protected override void CheckInput(DataViewSchema.Column column, int pair)
    {
        if (!column.Type.ItemOf().Equals(_valueType))
            throw Refuse.WrongColumn("inputSchema", "input", column.Name, _valueType.ToString(), column.Type.ToString());
    }

    private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
    {
        var key = new KeyDataViewType(typeof(uint), Math.Max(1, _values.Length));
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
        if (_values.Length > 0)
            Generic.Call<object>(AddValues<int>, NameType.RawType, annotations);
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(key, vector.Dimensions) : key;
        return new DataViewSchema.DetachedColumn(Pairs[pair].Output, type, annotations.ToAnnotations());
    }

    // The encoder knows texts and Single: whole numbers become texts before it, the rest Single.
    private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair)
    {
        string target = context.AddIntermediate(output.Type, output.Name);
        string encoded = context.AddIntermediate(new VectorDataViewType(NumberDataViewType.Int64, output.Type.ValueCount()), "LabelEncoderOutput");
        Type raw = _valueType.RawType;
        bool asText = _valueType is TextDataViewType || raw == typeof(short) || raw == typeof(ushort) || raw == typeof(int) || raw == typeof(uint) || raw == typeof(long) || raw == typeof(ulong);
        if (!asText && raw != typeof(float) && raw != typeof(double) && raw != typeof(bool))
        {
            context.RemoveColumn(output.Name, andVariable: true);
            return;
        }

        PrimitiveDataViewType known = asText ? TextDataViewType.Instance : NumberDataViewType.Single;
        if (_valueType != known)
        {
            string cast = context.AddIntermediate(new VectorDataViewType(known, (int)context.ShapeOf(source)[1]), "castOutput");
            context.AddCast(source, cast, known.RawType);
            source = cast;
        }

        OnnxNode encoder = context.AddNode("LabelEncoder", OnnxNode.MachineLearning, [source], encoded);
        if (asText)
            encoder.Attribute("keys_strings", _values);
        else
            encoder.Attribute("keys_floats", Array.ConvertAll(_values, value => raw == typeof(bool) ? (value == bool.TrueString ? 1f : 0) : float.Parse(value, CultureInfo.InvariantCulture)));
        encoder.Attribute("default_int64", 0L)
            .Attribute("default_string", "0")
            .Attribute("default_float", 0f)
            .Attribute("values_int64s", Enumerable.Range(1, _values.Length).Select(key => (long)key).ToArray());
        context.AddCast(encoded, target, output.Type.ItemOf().RawType);
    }

    private protected override Delegate MakeGetter(DataViewRow input, int column, int pair) => Generic.Call<Delegate>(
        input.Schema[column].Type is VectorDataViewType ? VectorGetter<int> : ScalarGetter<int>, _valueType.RawType, input, input.Schema[column]);

    private object AddValues<T>(DataViewSchema.Annotations.Builder annotations)
    {
        T[] values = Array.ConvertAll(_values, KeyValues.FromText<T>);
        annotations.Add(
            AnnotationKinds.KeyValues,
            new VectorDataViewType(NameType, values.Length),
            (ref VBuffer<T> target) => VBuffer<T>.Copy(values, 0, ref target, values.Length));
        return null;
    }

    private ValueGetter<uint> ScalarGetter<T>(DataViewRow input, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = input.GetGetter<T>(column);
        T value = default;
        return (ref uint target) =>
        {
            getter(ref value);
            target = KeyOf(value);
        };
    }

    private ValueGetter<VBuffer<uint>> VectorGetter<T>(DataViewRow input, DataViewSchema.Column column)
    {
        ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(column);
        VBuffer<T> value = default, dense = default;
        return (ref VBuffer<uint> target) =>
        {
            getter(ref value);
            value.CopyToDense(ref dense);
            VBufferEditor<uint> editor = VBufferEditor.Create(ref target, dense.Length);
            for (int i = 0; i < dense.Length; i++)
                editor.Values[i] = KeyOf(dense.GetValues()[i]);
            target = editor.Commit();
        };
    }

    private uint KeyOf<T>(T value) => KeyValues.ToText(value) is { } text && _keys.TryGetValue(text, out uint key) ? key : 0;
}

internal static class KeyValues
{
    /// <summary>The value as a text that stands for it alone; null for a missing value.</summary>
    internal static string ToText<T>(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.IsEmpty ? null : text.ToString(),
        float number => float.IsNaN(number) ? null : number.ToString("R", CultureInfo.InvariantCulture),
        double number => double.IsNaN(number) ? null : number.ToString("R", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    internal static T FromText<T>(string text) => typeof(T) == typeof(ReadOnlyMemory<char>)
        ? (T)(object)text.AsMemory()
        : (T)Convert.ChangeType(text, typeof(T), CultureInfo.InvariantCulture);
}
