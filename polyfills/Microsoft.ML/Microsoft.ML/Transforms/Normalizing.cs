using System.Numerics;
using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML
{
    public static class NormalizationCatalog
    {
        public static NormalizingEstimator NormalizeMinMax(
            this TransformsCatalog catalog, string outputColumnName, string inputColumnName = null, long maximumExampleCount = 1000000000, bool fixZero = true) =>
            new(catalog.Environment, outputColumnName, inputColumnName ?? outputColumnName, maximumExampleCount, SlotStatistics.MinMax, fixZero);

        public static NormalizingEstimator NormalizeMeanVariance(
            this TransformsCatalog catalog,
            string outputColumnName,
            string inputColumnName = null,
            long maximumExampleCount = 1000000000,
            bool fixZero = true,
            bool useCdf = false) => useCdf
            ? throw new NotSupportedException("Distribution functions are not part of this polyfill.")
            : new(catalog.Environment, outputColumnName, inputColumnName ?? outputColumnName, maximumExampleCount, SlotStatistics.MeanVariance, fixZero);
    }
}

namespace Microsoft.ML.Transforms
{
    public sealed class NormalizingEstimator : IEstimator<NormalizingTransformer>
    {
        private readonly IHost _host;
        private readonly string _output;
        private readonly string _input;
        private readonly long _maximum;
        private readonly Func<SlotStatistics, bool, (double Scale, double Offset)> _affine;
        private readonly bool _fixZero;

        internal NormalizingEstimator(
            IHostEnvironment env,
            string output,
            string input,
            long maximum,
            Func<SlotStatistics, bool, (double Scale, double Offset)> affine,
            bool fixZero)
        {
            Refuse.Empty(output, "name");
            Refuse.Unless(maximum > 1, "maximumExampleCount", "Must be greater than 1");
            _host = env.Register(nameof(NormalizingEstimator));
            _output = output;
            _input = input;
            _maximum = maximum;
            _affine = affine;
            _fixZero = fixZero;
        }

        public NormalizingTransformer Fit(IDataView input)
        {
            Refuse.Null(input, nameof(input));
            DataViewSchema.Column column = input.Schema.GetColumnOrNull(_input) ?? throw Refuse.MissingColumn("data", "input", _input);
            SlotStatistics[] slots = Generic.Call<SlotStatistics[]>(Collect<float>, column.Type.ItemOf().RawType, input, column);
            return new NormalizingTransformer(_host, column.Type, Array.ConvertAll(slots, slot => _affine(slot, _fixZero)), [(_output, _input)]);
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema)
        {
            Refuse.Null(inputSchema, nameof(inputSchema));
            if (!inputSchema.TryFindColumn(_input, out SchemaShape.Column column))
                throw Refuse.MissingColumn(nameof(inputSchema), "input", _input);
            if (column.Kind == SchemaShape.Column.VectorKind.VariableVector)
                throw Refuse.WrongColumn(nameof(inputSchema), "input", _input, "known-size vector or scalar", column.TypeText());
            if (column.ItemType != NumberDataViewType.Single && column.ItemType != NumberDataViewType.Double)
                throw Refuse.WrongColumn(nameof(inputSchema), "input", _input, "vector or scalar of Single or Double", column.TypeText());
            var annotations = new List<SchemaShape.Column>
            {
                new(AnnotationKinds.IsNormalized, SchemaShape.Column.VectorKind.Scalar, BooleanDataViewType.Instance, false),
            };
            if (column.Annotations.TryFindColumn(AnnotationKinds.SlotNames, out SchemaShape.Column names))
                annotations.Add(names);
            return inputSchema.With(new SchemaShape.Column(_output, column.Kind, column.ItemType, column.IsKey, new SchemaShape(annotations)));
        }

        private SlotStatistics[] Collect<T>(IDataView input, DataViewSchema.Column column)
            where T : struct, IFloatingPointIeee754<T>
        {
            var slots = new SlotStatistics[column.Type.ValueCount()];
            for (int i = 0; i < slots.Length; i++)
                slots[i] = new SlotStatistics();
            IEnumerable<IEnumerable<T>> rows = column.Type is VectorDataViewType
                ? input.GetColumn<VBuffer<T>>(column).Select(vector => vector.DenseValues())
                : input.GetColumn<T>(column).Select(value => new[] { value });
            foreach (IEnumerable<T> row in rows.Take((int)Math.Min(_maximum, int.MaxValue)))
            {
                int slot = 0;
                foreach (T value in row)
                    slots[slot++].Add(double.CreateChecked(value));
            }

            return slots;
        }
    }

    /// <summary>(value - offset) scale, for each slot.</summary>
    public sealed class NormalizingTransformer : OneToOneTransformerBase
    {
        private readonly DataViewType _type;
        private readonly (double Scale, double Offset)[] _slots;

        internal NormalizingTransformer(IHostEnvironment env, DataViewType type, (double Scale, double Offset)[] slots, (string Output, string Input)[] columns)
            : base(env.Register(nameof(NormalizingTransformer)), columns)
        {
            _type = type;
            _slots = slots;
        }

        internal static NormalizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        {
            (string Output, string Input)[] pairs = LoadPairs(ctx);
            DataViewType type = SchemaSerializer.ReadType(ctx.Reader);
            var slots = new (double Scale, double Offset)[ctx.Reader.ReadInt32()];
            for (int i = 0; i < slots.Length; i++)
                slots[i] = (ctx.Reader.ReadDouble(), ctx.Reader.ReadDouble());
            return new NormalizingTransformer(env, type, slots, pairs);
        }

        private protected override void SaveModel(ModelSaveContext ctx)
        {
            ctx.CheckAtStart();
            ctx.SetLoader("Normalizer", GetType());
            SavePairs(ctx);
            SchemaSerializer.WriteType(ctx.Writer, _type);
            ctx.Writer.Write(_slots.Length);
            foreach ((double scale, double offset) in _slots)
            {
                ctx.Writer.Write(scale);
                ctx.Writer.Write(offset);
            }
        }

        private protected override void CheckInput(DataViewSchema.Column column, int pair)
        {
            bool fits = column.Type is VectorDataViewType vector
                ? _type is VectorDataViewType own && own.Size == vector.Size && own.ItemType == vector.ItemType
                : column.Type == _type;
            if (!fits)
                throw Refuse.WrongColumn("inputSchema", "input", column.Name, _type.ToString(), column.Type.ToString());
        }

        private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair)
        {
            var annotations = new DataViewSchema.Annotations.Builder();
            annotations.AddFlag(AnnotationKinds.IsNormalized);
            annotations.Add(input.Annotations, kind => kind == AnnotationKinds.SlotNames);
            return new DataViewSchema.DetachedColumn(Pairs[pair].Output, _type, annotations.ToAnnotations());
        }

        private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair) =>
            context.AddNode("Scaler", OnnxNode.MachineLearning, [source], context.AddIntermediate(output.Type, output.Name))
                .Attribute("offset", Array.ConvertAll(_slots, slot => (float)slot.Offset))
                .Attribute("scale", Array.ConvertAll(_slots, slot => (float)slot.Scale));

        private protected override Delegate MakeGetter(DataViewRow input, int column, int pair) => Generic.Call<Delegate>(
            _type is VectorDataViewType ? VectorGetter<float> : ScalarGetter<float>, _type.ItemOf().RawType, input, input.Schema[column]);

        private ValueGetter<T> ScalarGetter<T>(DataViewRow input, DataViewSchema.Column column)
            where T : struct, IFloatingPointIeee754<T>
        {
            ValueGetter<T> getter = input.GetGetter<T>(column);
            T scale = T.CreateChecked(_slots[0].Scale), offset = T.CreateChecked(_slots[0].Offset);
            return (ref T target) =>
            {
                getter(ref target);
                target = (target - offset) * scale;
            };
        }

        private ValueGetter<VBuffer<T>> VectorGetter<T>(DataViewRow input, DataViewSchema.Column column)
            where T : struct, IFloatingPointIeee754<T>
        {
            ValueGetter<VBuffer<T>> getter = input.GetGetter<VBuffer<T>>(column);
            T[] scales = Array.ConvertAll(_slots, slot => T.CreateChecked(slot.Scale)), offsets = Array.ConvertAll(_slots, slot => T.CreateChecked(slot.Offset));
            VBuffer<T> value = default;
            return (ref VBuffer<T> target) =>
            {
                getter(ref value);
                Refuse.StateUnless(value.Length == scales.Length, $"Column '{column.Name}': expected {scales.Length} slots, but got {value.Length}");
                value.CopyToDense(ref target);
                VBufferEditor<T> editor = target.Edit();
                for (int i = 0; i < scales.Length; i++)
                    editor.Values[i] = (editor.Values[i] - offsets[i]) * scales[i];
                target = editor.Commit();
            };
        }
    }

    /// <summary>What the values of one slot add up to; missing values count nowhere.</summary>
    internal sealed class SlotStatistics
    {
        private double _min = double.PositiveInfinity;
        private double _max = double.NegativeInfinity;
        private double _mean;
        private double _squares;
        private long _count;

        /// <summary>A constant slot holds no information: its scale is 0.</summary>
        internal static (double Scale, double Offset) MinMax(SlotStatistics slot, bool fixZero)
        {
            if (!(slot._max > slot._min))
                return (0, 0);
            return fixZero ? (1 / Math.Max(Math.Abs(slot._max), Math.Abs(slot._min)), 0) : (1 / (slot._max - slot._min), slot._min);
        }

        internal static (double Scale, double Offset) MeanVariance(SlotStatistics slot, bool fixZero)
        {
            double variance = slot._squares / slot._count;
            if (!(variance > 0))
                return (0, 0);
            return fixZero ? (1 / Math.Sqrt(variance + (slot._mean * slot._mean)), 0) : (1 / Math.Sqrt(variance), slot._mean);
        }

        // Running mean and sum of squared deviations (Welford, 1962).
        internal void Add(double value)
        {
            _min = value < _min ? value : _min;
            _max = value > _max ? value : _max;
            if (!double.IsFinite(value))
                return;
            _count++;
            double delta = value - _mean;
            _mean += delta / _count;
            _squares += delta * (value - _mean);
        }
    }
}
