using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML
{
    public static class ExtensionsCatalog
    {
        public static MissingValueReplacingEstimator ReplaceMissingValues(
            this TransformsCatalog catalog,
            string outputColumnName,
            string inputColumnName = null,
            MissingValueReplacingEstimator.ReplacementMode replacementMode = MissingValueReplacingEstimator.ReplacementMode.DefaultValue,
            bool imputeBySlot = true) =>
            new(catalog.Environment, outputColumnName, inputColumnName ?? outputColumnName, replacementMode, imputeBySlot);
    }
}

namespace Microsoft.ML.Transforms
{
    public sealed class MissingValueReplacingEstimator : IEstimator<MissingValueReplacingTransformer>
    {
        private readonly IHost _host;
        private readonly string _output;
        private readonly string _input;
        private readonly ReplacementMode _mode;
        private readonly bool _bySlot;

        internal MissingValueReplacingEstimator(IHostEnvironment env, string output, string input, ReplacementMode mode, bool bySlot)
        {
            Refuse.Blank(output, "name");
            _host = env.Register(nameof(MissingValueReplacingEstimator));
            _output = output;
            _input = input;
            _mode = mode;
            _bySlot = bySlot;
        }

        /// <summary>What takes a missing value's place.</summary>
        public enum ReplacementMode : byte
        {
            DefaultValue = 0,
            Mean = 1,
            Minimum = 2,
            Maximum = 3,
            Mode = 5,
        }

        public MissingValueReplacingTransformer Fit(IDataView input)
        {
            Refuse.Null(input, nameof(input));
            DataViewSchema.Column column = input.Schema.GetColumnOrNull(_input) ?? throw Refuse.MissingColumn(nameof(input), "input", _input);
            MissingValueReplacingTransformer.CheckType(column.Type.ItemOf());
            double[] values = _mode == ReplacementMode.DefaultValue ? [0]
                : Generic.Call<double[]>(Collect<float>, column.Type.ItemOf().RawType, input, column);
            bool bySlot = _mode != ReplacementMode.DefaultValue && BySlot(column.Type);
            return new MissingValueReplacingTransformer(_host, column.Type, values, bySlot, [(_output, _input)]);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            Refuse.Null(inputSchema, nameof(inputSchema));
            if (!inputSchema.TryFindColumn(_input, out SchemaShape.Column column))
                throw Refuse.MissingColumn(nameof(inputSchema), "input", _input);
            MissingValueReplacingTransformer.CheckType(column.ItemType);
            var annotations = new List<SchemaShape.Column>();
            foreach (string kind in new[] { AnnotationKinds.SlotNames, AnnotationKinds.IsNormalized })
            {
                if (column.Annotations.TryFindColumn(kind, out SchemaShape.Column annotation))
                    annotations.Add(annotation);
            }

            return inputSchema.With(new SchemaShape.Column(_output, column.Kind, column.ItemType, false, new SchemaShape(annotations)));
        }

        private bool BySlot(DataViewType type) => type is VectorDataViewType { IsKnownSize: true } && _bySlot;

        private double[] Collect<T>(IDataView input, DataViewSchema.Column column)
            where T : struct, IFloatingPointIeee754<T>
        {
            bool bySlot = BySlot(column.Type);
            var slots = new SlotValues[bySlot ? column.Type.ValueCount() : 1];
            for (int i = 0; i < slots.Length; i++)
                slots[i] = new SlotValues();
            if (column.Type is VectorDataViewType)
            {
                foreach (VBuffer<T> row in input.GetColumn<VBuffer<T>>(column))
                {
                    foreach ((int slot, T value) in row.Items())
                        slots[bySlot ? slot : 0].Add(double.CreateChecked(value));
                    Array.ForEach(slots, slot => slot.Count += bySlot ? 1 : row.Length);
                }
            }
            else
            {
                foreach (T value in input.GetColumn<T>(column))
                {
                    slots[0].Add(double.CreateChecked(value));
                    slots[0].Count++;
                }
            }

            // Only the least and the largest of a slot of Double are finite in any case: so it is in the package.
            bool finite = bySlot && typeof(T) == typeof(double);
            return Array.ConvertAll(slots, slot => double.CreateChecked(T.CreateChecked(slot.Replacement(_mode, finite))));
        }

        /// <summary>The values of one slot, or of all slots together. Those that a sparse vector leaves out are zeros, except where the most frequent is sought.</summary>
        private sealed class SlotValues
        {
            private readonly Dictionary<double, int> _counts = [];
            private double _least = double.PositiveInfinity;
            private double _largest = double.NegativeInfinity;
            private double _leastFinite = double.MaxValue;
            private double _largestFinite = double.MinValue;
            private double _mean;
            private double _mostFrequent;
            private int _highestCount;
            private long _nonZeros;
            private long _missing;
            private long _explicit;

            /// <summary>How many values there are, those that are left out included.</summary>
            internal long Count { get; set; }

            internal void Add(double value)
            {
                _explicit++;
                AddExtremes(value);
                if (!double.IsFinite(value))
                {
                    _missing++;
                    return;
                }

                int count = _counts[value] = _counts.GetValueOrDefault(value) + 1;
                if (count > _highestCount)
                    (_mostFrequent, _highestCount) = (value, count);
                if (value != 0)
                    _mean += (value - _mean) / ++_nonZeros;
            }

            internal double Replacement(ReplacementMode mode, bool finite)
            {
                if (_explicit < Count)
                    AddExtremes(0);
                return mode switch
                {
                    ReplacementMode.Mean => Count == _missing ? 0 : _mean * ((double)_nonZeros / (Count - _missing)),
                    ReplacementMode.Minimum => finite ? _leastFinite : _least,
                    ReplacementMode.Maximum => finite ? _largestFinite : _largest,
                    _ => _mostFrequent,
                };
            }

            private void AddExtremes(double value)
            {
                if (value < _least)
                    _least = value;
                if (value > _largest)
                    _largest = value;
                if (!double.IsFinite(value))
                    return;
                _leastFinite = Math.Min(_leastFinite, value);
                _largestFinite = Math.Max(_largestFinite, value);
            }
        }
    }

    /// <summary>NaN becomes a number: one for all slots, or one for each.</summary>
    public sealed class MissingValueReplacingTransformer : OneToOneTransformerBase
    {
        private readonly DataViewType _type;
        private readonly double[] _values;
        private readonly bool _bySlot;

        internal MissingValueReplacingTransformer(IHostEnvironment env, DataViewType type, double[] values, bool bySlot, (string Output, string Input)[] columns)
            : base(env.Register(nameof(MissingValueReplacingTransformer)), columns)
        {
            _type = type;
            _values = values;
            _bySlot = bySlot;
        }

        internal static MissingValueReplacingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            (string Output, string Input)[] pairs = LoadPairs(ctx);
            DataViewType type = SchemaSerializer.ReadType(ctx.Reader);
            bool bySlot = ctx.Reader.ReadBoolean();
            var values = new double[ctx.Reader.ReadInt32()];
            for (int i = 0; i < values.Length; i++)
                values[i] = ctx.Reader.ReadDouble();
            return new MissingValueReplacingTransformer(env, type, values, bySlot, pairs);
        }

        /// <summary>Refuses a type without a value that stands for a missing one.</summary>
        internal static void CheckType(DataViewType item)
        {
            if (item is KeyDataViewType)
                throw new ArgumentOutOfRangeException("inputSchema", $"Type '{item}' is not supported by NAReplaceTransform since its NA value is equivalent to its default value");
            if (item != NumberDataViewType.Single && item != NumberDataViewType.Double)
                throw new ArgumentOutOfRangeException("inputSchema", $"Type '{item}' is not supported by NAReplaceTransform since it doesn't have an NA value");
        }

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtStart();
            ctx.SetLoader("NAReplaceTransform", GetType());
            SavePairs(ctx);
            SchemaSerializer.WriteType(ctx.Writer, _type);
            ctx.Writer.Write(_bySlot);
            ctx.Writer.Write(_values.Length);
            Array.ForEach(_values, ctx.Writer.Write);
        }

        private protected override void CheckInput(DataViewSchema.Column column, int pair)
        {
            CheckType(column.Type.ItemOf());
            bool fits = column.Type.ItemOf().Equals(_type.ItemOf()) && (!_bySlot || column.Type.ValueCount() == _values.Length);
            if (!fits)
            {
                throw new ArgumentOutOfRangeException(
                    "inputSchema", $"Column '{column.Name}' item type '{column.Type}' must be a scalar or a vector of the same size as Columntype '{_type}'");
            }
        }

        private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.Add(input.Annotations, kind => kind is AnnotationKinds.SlotNames or AnnotationKinds.IsNormalized);
            return new DataViewSchema.DetachedColumn(Pairs[pair].Output, input.Type, annotations.ToAnnotations());
        }

        // The imputer knows Single only.
        private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair)
        {
            string target = context.AddIntermediate(_type, output.Name);
            if (input.ItemOf() != NumberDataViewType.Single)
            {
                context.RemoveColumn(output.Name, andVariable: true);
                return;
            }

            context.AddNode("Imputer", OnnxNode.MachineLearning, [source], target)
                .Attribute("replaced_value_float", float.NaN)
                .Attribute("imputed_value_floats", Array.ConvertAll(_values, value => (float)value));
        }

        private protected override Delegate MakeGetter(DataViewRow input, int column, int pair) => Generic.Call<Delegate>(
            input.Schema[column].Type is VectorDataViewType ? VectorGetter<float> : ScalarGetter<float>, _type.ItemOf().RawType, input, column);

        private ValueGetter<T> ScalarGetter<T>(DataViewRow input, int column)
            where T : struct, IFloatingPointIeee754<T>
        {
            ValueGetter<T> getter = input.GetGetter<T>(input.Schema[column]);
            T replacement = T.CreateChecked(_values[0]);
            return (ref T target) =>
            {
                getter(ref target);
                target = T.IsNaN(target) ? replacement : target;
            };
        }

        // A sparse vector stays sparse, and loses the values that become zero.
        private ValueGetter<VBuffer<T>> VectorGetter<T>(DataViewRow input, int column)
            where T : struct, IFloatingPointIeee754<T>
        {
            ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(input.Schema[column]);
            T[] replacements = Array.ConvertAll(_values, T.CreateChecked);
            VBuffer<T> value = default;
            return (ref VBuffer<T> target) =>
            {
                getter(ref value);
                ReadOnlySpan<T> values = value.GetValues();
                VBufferEditor<T> editor = VBufferEditor.Create(ref target, value.Length, values.Length);
                int count = 0;
                for (int i = 0; i < values.Length; i++)
                {
                    int slot = value.IsDense ? i : value.GetIndices()[i];
                    T kept = T.IsNaN(values[i]) ? replacements[_bySlot ? slot : 0] : values[i];
                    if (!value.IsDense)
                    {
                        if (T.IsNaN(values[i]) && T.IsZero(kept))
                            continue;
                        editor.Indices[count] = slot;
                    }

                    editor.Values[count++] = kept;
                }

                target = editor.CommitTruncated(count);
            };
        }
    }
}
