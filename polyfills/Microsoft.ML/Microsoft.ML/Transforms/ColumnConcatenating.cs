using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Transforms
{
    public sealed class ColumnConcatenatingEstimator : IEstimator<ColumnConcatenatingTransformer>
    {
        private readonly IHost _host;
        private readonly string _name;
        private readonly string[] _sources;

        internal ColumnConcatenatingEstimator(IHostEnvironment env, string outputColumnName, params string[] inputColumnNames)
        {
            Refuse.Empty(outputColumnName, nameof(outputColumnName));
            Refuse.Null(inputColumnNames, nameof(inputColumnNames));
            Refuse.Unless(inputColumnNames.Length > 0, nameof(inputColumnNames), "Input columns not specified");
            Refuse.Unless(!Array.Exists(inputColumnNames, string.IsNullOrEmpty), nameof(inputColumnNames), "Contained some null or empty items");
            _host = env.Register(nameof(ColumnConcatenatingEstimator));
            _name = outputColumnName;
            _sources = inputColumnNames;
        }

        public ColumnConcatenatingTransformer Fit(IDataView input)
        {
            Refuse.Null(input, nameof(input));
            return new ColumnConcatenatingTransformer(_host, _name, _sources);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            Refuse.Null(inputSchema, nameof(inputSchema));
            SchemaShape.Column[] columns = Array.ConvertAll(_sources, source => inputSchema.TryFindColumn(source, out SchemaShape.Column column)
                ? column
                : throw Refuse.MissingColumn(nameof(inputSchema), "input", source));
            DataViewType item = columns[0].ItemType;
            foreach (SchemaShape.Column column in columns)
            {
                Refuse.StateUnless(!column.IsKey, $"Column '{column.Name}' is key. Concatenation of keys is unsupported.");
                Refuse.StateUnless(
                    column.ItemType.Equals(item),
                    $"Concatenated columns should have the same type. Column '{column.Name}' has type of {column.ItemType}, but expected column type is {item}.");
            }

            const SchemaShape.Column.VectorKind scalar = SchemaShape.Column.VectorKind.Scalar, vector = SchemaShape.Column.VectorKind.Vector;
            var annotations = new List<SchemaShape.Column>();
            if (Array.TrueForAll(columns, column => column.HasAnnotation(AnnotationKinds.IsNormalized, scalar, BooleanDataViewType.Instance)))
                annotations.Add(new(AnnotationKinds.IsNormalized, scalar, BooleanDataViewType.Instance, false));
            if (Array.Exists(columns, column => column.HasAnnotation(AnnotationKinds.CategoricalSlotRanges, vector, NumberDataViewType.Int32)))
                annotations.Add(new(AnnotationKinds.CategoricalSlotRanges, vector, NumberDataViewType.Int32, false));
            if (Array.Exists(columns, column => column.Kind == scalar
                || (column.Kind == vector && column.HasAnnotation(AnnotationKinds.SlotNames, vector, TextDataViewType.Instance))))
            {
                annotations.Add(new(AnnotationKinds.SlotNames, vector, TextDataViewType.Instance, false));
            }

            bool isVariable = Array.Exists(columns, column => column.Kind == SchemaShape.Column.VectorKind.VariableVector);
            return inputSchema.With(new SchemaShape.Column(
                _name, isVariable ? SchemaShape.Column.VectorKind.VariableVector : vector, item, false, new SchemaShape(annotations)));
        }
    }
}

namespace Microsoft.ML.Data
{
    /// <summary>Joins columns of one item type into a vector.</summary>
    public sealed class ColumnConcatenatingTransformer : RowToRowTransformerBase
    {
        private readonly string _name;
        private readonly string[] _sources;

        internal ColumnConcatenatingTransformer(IHostEnvironment env, string name, string[] sources)
            : base(env.Register(nameof(ColumnConcatenatingTransformer)))
        {
            _name = name;
            _sources = sources;
        }

        internal static ColumnConcatenatingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            string name = ctx.LoadNonEmptyString();
            var sources = new string[ctx.Reader.ReadInt32()];
            for (int i = 0; i < sources.Length; i++)
                sources[i] = ctx.LoadNonEmptyString();
            return new ColumnConcatenatingTransformer(env, name, sources);
        }

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtStart();
            ctx.SetLoader("ConcatTransform", GetType());
            ctx.Writer.Write(_name);
            ctx.Writer.Write(_sources.Length);
            foreach (string source in _sources)
                ctx.Writer.Write(source);
        }

        private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

        private sealed class Mapper : IRowMapper, ISaveAsOnnx
        {
            private readonly string _name;
            private readonly DataViewSchema.Column[] _sources;
            private readonly VectorDataViewType _type;
            private readonly int _inputCount;

            internal Mapper(ColumnConcatenatingTransformer parent, DataViewSchema inputSchema)
            {
                _inputCount = inputSchema.Count;
                _name = parent._name;
                _sources = Array.ConvertAll(parent._sources, source =>
                    inputSchema.GetColumnOrNull(source) ?? throw Refuse.MissingColumn(nameof(inputSchema), "input", source));
                DataViewType item = _sources[0].Type.ItemOf();
                foreach (DataViewSchema.Column source in _sources)
                {
                    if (!source.Type.ItemOf().Equals(item))
                        throw Refuse.WrongColumn(nameof(inputSchema), "input", source.Name, item.ToString(), source.Type.ToString());
                }

                // One source of unknown size makes the whole so.
                int size = Array.Exists(_sources, source => source.Type.ValueCount() == 0) ? 0 : _sources.Sum(source => source.Type.ValueCount());
                _type = new VectorDataViewType((PrimitiveDataViewType)item, size);
                // A single vector is passed on as it is, with its dimensions and its annotations.
                OutputColumns =
                [
                    IsIdentity
                        ? new DataViewSchema.DetachedColumn(parent._name, _sources[0].Type, _sources[0].Annotations)
                        : new DataViewSchema.DetachedColumn(parent._name, _type, MakeAnnotations()),
                ];
            }

            public DataViewSchema.DetachedColumn[] OutputColumns { get; }

            public bool CanSaveOnnx => true;

            private bool IsIdentity => _sources.Length == 1 && _sources[0].Type is VectorDataViewType;

            // Numbers go through Single, whatever their type.
            public void SaveAsOnnx(OnnxContext context)
            {
                if (!_type.IsKnownSize || _type.ItemType is not NumberDataViewType || !Array.TrueForAll(_sources, source => context.ContainsColumn(source.Name)))
                {
                    context.RemoveColumn(_name, andVariable: false);
                    return;
                }

                string joined = context.AddIntermediate(new VectorDataViewType(NumberDataViewType.Single, _type.Size), "VectorFeaturizerOutput");
                context.AddNode("FeatureVectorizer", OnnxNode.MachineLearning, Array.ConvertAll(_sources, source => context.VariableOf(source.Name)), joined)
                    .Attribute("inputdimensions", Array.ConvertAll(_sources, source => (long)source.Type.ValueCount()));
                context.AddCast(joined, context.AddIntermediate(_type, _name), _type.ItemType.RawType);
            }

            public bool[] Dependencies(bool[] activeOutputs)
            {
                var needed = new bool[_inputCount];
                foreach (DataViewSchema.Column source in _sources)
                    needed[source.Index] = activeOutputs[0];
                return needed;
            }

            public Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, out Action disposer)
            {
                disposer = null;
                return
                [
                    !activeOutputs[0] ? null
                        : IsIdentity ? input.Getter(_sources[0].Index)
                        : Generic.Call<Delegate>(MakeGetter<int>, _type.ItemType.RawType, input),
                ];
            }

            private DataViewSchema.Annotations MakeAnnotations()
            {
                var annotations = new DataViewSchema.Annotations.Builder();
                if (_type.ItemType is NumberDataViewType && Array.TrueForAll(_sources, source => source.IsNormalized()))
                    annotations.AddFlag(AnnotationKinds.IsNormalized);
                if (!_type.IsKnownSize)
                    return annotations.ToAnnotations();
                if (Array.Exists(_sources, source => source.Type is not VectorDataViewType || source.HasSlotNames()))
                    annotations.Add<VBuffer<ReadOnlyMemory<char>>>(AnnotationKinds.SlotNames, new VectorDataViewType(TextDataViewType.Instance, _type.Size), GetSlotNames);
                int[] ranges = CategoricalRanges();
                if (ranges.Length > 0)
                {
                    annotations.Add(
                        AnnotationKinds.CategoricalSlotRanges,
                        new VectorDataViewType(NumberDataViewType.Int32, ranges.Length / 2, 2),
                        (ref VBuffer<int> target) => VBuffer<int>.Copy(ranges, 0, ref target, ranges.Length));
                }

                return annotations.ToAnnotations();
            }

            private int[] CategoricalRanges()
            {
                var ranges = new List<int>();
                int offset = 0;
                foreach (DataViewSchema.Column source in _sources)
                {
                    ranges.AddRange((AnnotationKinds.CategoricalRanges(source) ?? []).Select(slot => slot + offset));
                    offset += source.Type.ValueCount();
                }

                return [.. ranges];
            }

            // A scalar's slot has the column's name, a vector's "column.slot"; slots without a name of their own get none.
            private void GetSlotNames(ref VBuffer<ReadOnlyMemory<char>> target)
            {
                VBufferEditor<ReadOnlyMemory<char>> editor = VBufferEditor.Create(ref target, _type.Size);
                editor.Values.Clear();
                VBuffer<ReadOnlyMemory<char>> names = default;
                int slot = 0;
                foreach (DataViewSchema.Column source in _sources)
                {
                    if (source.Type is not VectorDataViewType vector)
                    {
                        editor.Values[slot++] = source.Name.AsMemory();
                        continue;
                    }

                    if (source.HasSlotNames())
                    {
                        source.GetSlotNames(ref names);
                        foreach ((int index, ReadOnlyMemory<char> name) in names.Items())
                            editor.Values[slot + index] = name.IsEmpty ? default : $"{source.Name}.{name}".AsMemory();
                    }

                    slot += vector.Size;
                }

                target = editor.Commit();
            }

            private ValueGetter<VBuffer<T>> MakeGetter<T>(DataViewRow input)
            {
                var parts = new Part<T>[_sources.Length];
                for (int i = 0; i < parts.Length; i++)
                {
                    DataViewSchema.Column column = input.Schema[_sources[i].Index];
                    if (column.Type is VectorDataViewType vector)
                        parts[i] = new Part<T> { Name = column.Name, Size = vector.Size, Vector = input.GetGetter<VBuffer<T>>(column) };
                    else
                        parts[i] = new Part<T> { Scalar = input.GetGetter<T>(column) };
                }

                return (ref VBuffer<T> target) =>
                {
                    int length = 0, count = 0;
                    foreach (ref Part<T> part in parts.AsSpan())
                    {
                        if (part.Vector is null)
                        {
                            length++;
                            count++;
                            continue;
                        }

                        part.Vector(ref part.Buffer);
                        if (part.Size != 0 && part.Size != part.Buffer.Length)
                            throw new InvalidOperationException($"Column '{part.Name}': expected {part.Size} slots, but got {part.Buffer.Length}");
                        length = checked(length + part.Buffer.Length);
                        count += part.Buffer.GetValues().Length;
                    }

                    target = count <= length / 2 ? JoinSparse(parts, ref target, length, count) : JoinDense(parts, ref target, length);
                };
            }

            private static VBuffer<T> JoinDense<T>(Part<T>[] parts, ref VBuffer<T> target, int length)
            {
                VBufferEditor<T> editor = VBufferEditor.Create(ref target, length);
                int offset = 0;
                foreach (ref Part<T> part in parts.AsSpan())
                {
                    if (part.Vector is null)
                    {
                        part.Scalar(ref editor.Values[offset++]);
                        continue;
                    }

                    part.Buffer.CopyTo(editor.Values, offset);
                    offset += part.Buffer.Length;
                }

                return editor.Commit();
            }

            private static VBuffer<T> JoinSparse<T>(Part<T>[] parts, ref VBuffer<T> target, int length, int count)
            {
                VBufferEditor<T> editor = VBufferEditor.Create(ref target, length, count);
                int offset = 0, next = 0;
                foreach (ref Part<T> part in parts.AsSpan())
                {
                    if (part.Vector is null)
                    {
                        part.Scalar(ref editor.Values[next]);
                        editor.Indices[next++] = offset++;
                        continue;
                    }

                    ReadOnlySpan<T> values = part.Buffer.GetValues();
                    ReadOnlySpan<int> indices = part.Buffer.GetIndices();
                    for (int i = 0; i < values.Length; i++)
                    {
                        editor.Values[next] = values[i];
                        editor.Indices[next++] = offset + (part.Buffer.IsDense ? i : indices[i]);
                    }

                    offset += part.Buffer.Length;
                }

                return editor.Commit();
            }

            private struct Part<T>
            {
                public string Name;
                public int Size;
                public ValueGetter<T> Scalar;
                public ValueGetter<VBuffer<T>> Vector;
                public VBuffer<T> Buffer;
            }
        }
    }
}
