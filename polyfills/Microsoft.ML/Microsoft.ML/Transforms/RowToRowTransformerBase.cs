using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that adds columns row by row.</summary>
public abstract class RowToRowTransformerBase : ITransformer
{
    private protected readonly IHost Host;

    private protected RowToRowTransformerBase(IHost host) => Host = host;

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        return new ColumnBindings(inputSchema, MakeRowMapper(inputSchema).OutputColumns).Schema;
    }

    public IDataView Transform(IDataView input)
    {
        Refuse.Null(input, nameof(input));
        return new RowToRowMapperView(Host, input, MakeRowMapper(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        return new RowToRowMapperView(Host, new EmptyDataView(inputSchema), MakeRowMapper(inputSchema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => SaveModel(ctx);

    private protected abstract void SaveModel(ModelSaveContext ctx);

    private protected abstract IRowMapper MakeRowMapper(DataViewSchema schema);
}

/// <summary>A transformer with one input column for each output column.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    private protected readonly (string Output, string Input)[] Pairs;

    private protected OneToOneTransformerBase(IHost host, (string Output, string Input)[] pairs)
        : base(host)
    {
        Refuse.Null(pairs, "columns");
        var outputs = new HashSet<string>();
        foreach ((string output, string input) in pairs)
        {
            Refuse.Empty(input, "columns");
            Refuse.Empty(output, "columns");
            Refuse.Unless(outputs.Add(output), "columns", $"Name of the result column '{output}' specified multiple times");
        }

        Pairs = pairs;
    }

    private protected static (string Output, string Input)[] LoadPairs(ModelLoadContext ctx)
    {
        var pairs = new (string Output, string Input)[ctx.Reader.ReadInt32()];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = (ctx.LoadNonEmptyString(), ctx.LoadNonEmptyString());
        return pairs;
    }

    private protected void SavePairs(ModelSaveContext ctx)
    {
        ctx.Writer.Write(Pairs.Length);
        foreach ((string output, string input) in Pairs)
        {
            ctx.Writer.Write(output);
            ctx.Writer.Write(input);
        }
    }

    /// <summary>Refuses an input column of the wrong type.</summary>
    private protected virtual void CheckInput(DataViewSchema.Column column, int pair)
    {
    }

    private protected abstract DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair);

    private protected abstract Delegate MakeGetter(DataViewRow input, int column, int pair);

    /// <summary>Writes one pair into an ONNX graph, where that is possible: nodes from <paramref name="source"/> to a variable that is added for the output column.</summary>
    private protected virtual void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair) =>
        throw new NotSupportedException($"{GetType().Name} in ONNX is not part of this polyfill.");

    /// <summary>What becomes of the output column where the graph has no input column: most transformers take it out of the graph, some leave what the graph knows of it.</summary>
    private protected virtual bool ForgetsOnnxOutput => true;

    private protected sealed override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : IRowMapper, ISaveAsOnnx
    {
        private readonly OneToOneTransformerBase _parent;
        private readonly int[] _inputs;
        private readonly DataViewType[] _inputTypes;
        private readonly int _inputCount;

        internal Mapper(OneToOneTransformerBase parent, DataViewSchema inputSchema)
        {
            _parent = parent;
            _inputCount = inputSchema.Count;
            _inputs = new int[parent.Pairs.Length];
            _inputTypes = new DataViewType[_inputs.Length];
            OutputColumns = new DataViewSchema.DetachedColumn[_inputs.Length];
            for (int i = 0; i < _inputs.Length; i++)
            {
                DataViewSchema.Column column = inputSchema.GetColumnOrNull(parent.Pairs[i].Input)
                    ?? throw Refuse.MissingColumn(nameof(inputSchema), "input", parent.Pairs[i].Input);
                parent.CheckInput(column, i);
                _inputs[i] = column.Index;
                _inputTypes[i] = column.Type;
                OutputColumns[i] = parent.MakeColumn(column, i);
            }
        }

        public DataViewSchema.DetachedColumn[] OutputColumns { get; }

        public bool CanSaveOnnx => true;

        public void SaveAsOnnx(OnnxContext context)
        {
            for (int i = 0; i < _inputs.Length; i++)
            {
                (string output, string input) = _parent.Pairs[i];
                if (context.VariableOf(input) is { } source)
                    _parent.SaveAsOnnx(context, source, _inputTypes[i], OutputColumns[i], i);
                else if (_parent.ForgetsOnnxOutput)
                    context.RemoveColumn(output, andVariable: false);
            }
        }

        public bool[] Dependencies(bool[] activeOutputs)
        {
            var needed = new bool[_inputCount];
            for (int i = 0; i < _inputs.Length; i++)
                needed[_inputs[i]] |= activeOutputs[i];
            return needed;
        }

        public Delegate[] CreateGetters(DataViewRow input, bool[] activeOutputs, out Action disposer)
        {
            disposer = null;
            var getters = new Delegate[_inputs.Length];
            for (int i = 0; i < getters.Length; i++)
                getters[i] = activeOutputs[i] ? _parent.MakeGetter(input, _inputs[i], i) : null;
            return getters;
        }
    }
}

/// <summary>An estimator that has nothing to learn: it was made with its transformer.</summary>
public abstract class TrivialEstimator<TTransformer> : IEstimator<TTransformer>
    where TTransformer : class, ITransformer
{
    private protected readonly IHost Host;
    private protected readonly TTransformer Transformer;

    private protected TrivialEstimator(IHost host, TTransformer transformer)
    {
        Refuse.Null(transformer, nameof(transformer));
        Host = host;
        Transformer = transformer;
    }

    public TTransformer Fit(IDataView input)
    {
        Refuse.Null(input, nameof(input));
        Transformer.GetOutputSchema(input.Schema);
        return Transformer;
    }

    public abstract SchemaShape GetOutputSchema(SchemaShape inputSchema);

    private protected static SchemaShape.Column Find(SchemaShape inputSchema, string name)
    {
        if (!inputSchema.TryFindColumn(name, out SchemaShape.Column column))
            throw Refuse.MissingColumn(nameof(inputSchema), "input", name);
        return column;
    }
}
