using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ColumnSelectingEstimator : TrivialEstimator<ColumnSelectingTransformer>
{
    internal ColumnSelectingEstimator(IHostEnvironment env, string[] keep, string[] drop, bool keepHidden)
        : base(env.Register(nameof(ColumnSelectingEstimator)), new ColumnSelectingTransformer(keep, drop, keepHidden))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        Transformer.CheckNames(inputSchema.Select(column => column.Name), nameof(inputSchema));
        return new SchemaShape(inputSchema.Where(column => Transformer.Keeps(column.Name)));
    }
}

/// <summary>Keeps the named columns, in the order named; or drops them and keeps the rest in theirs.</summary>
public sealed class ColumnSelectingTransformer : ITransformer
{
    private readonly string[] _names;
    private readonly bool _keep;
    private readonly bool _keepHidden;

    internal ColumnSelectingTransformer(string[] keep, string[] drop, bool keepHidden)
    {
        bool keeps = keep is { Length: > 0 };
        bool drops = drop is { Length: > 0 };
        Refuse.StateUnless(!(keeps && drops), "Both keepColumns and dropColumns are set. Exactly one can be specified.");
        Refuse.StateUnless(keeps || drops, "Neither keepColumns and dropColumns is set. Exactly one must be specified.");
        _names = keeps ? keep : drop;
        _keep = keeps;
        _keepHidden = keepHidden;
    }

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema, nameof(inputSchema)).OutputSchema;

    public IDataView Transform(IDataView input)
    {
        Refuse.Null(input, nameof(input));
        return new View(input, Bind(input.Schema, nameof(input)));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => Bind(inputSchema, nameof(inputSchema));

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.SetLoader("SelectColumnsTransform", GetType());
        ctx.Writer.Write(_keep);
        ctx.Writer.Write(_keepHidden);
        ctx.Writer.Write(_names.Length);
        foreach (string name in _names)
            ctx.Writer.Write(name);
    }

    internal static ColumnSelectingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        bool keep = ctx.Reader.ReadBoolean();
        bool keepHidden = ctx.Reader.ReadBoolean();
        var names = new string[ctx.Reader.ReadInt32()];
        for (int i = 0; i < names.Length; i++)
            names[i] = ctx.LoadNonEmptyString();
        return new ColumnSelectingTransformer(keep ? names : null, keep ? null : names, keepHidden);
    }

    internal bool Keeps(string name) => _names.Contains(name) == _keep;

    internal void CheckNames(IEnumerable<string> known, string parameter)
    {
        string[] missing = [.. _names.Except(known)];
        if (missing.Length > 0)
            throw Refuse.MissingColumn(parameter, "input", string.Join(",", missing));
    }

    private Mapper Bind(DataViewSchema schema, string parameter)
    {
        Refuse.Null(schema, parameter);
        CheckNames(schema.Select(column => column.Name), parameter);
        // Dropping a name drops every column of that name; hidden columns of other names stay.
        IEnumerable<DataViewSchema.Column> kept = _keep
            ? _names.SelectMany(name => schema.Where(column => column.Name == name && (_keepHidden || !column.IsHidden)))
            : schema.Where(column => Keeps(column.Name));
        return new Mapper(schema, [.. kept.Select(column => column.Index)]);
    }

    private sealed class Mapper(DataViewSchema inputSchema, int[] sources) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => inputSchema;

        public DataViewSchema OutputSchema { get; } = DataViewSchema.Of(sources.Select(source => new DataViewSchema.DetachedColumn(inputSchema[source])));

        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        {
            bool[] active = dependingColumns.ActiveIn(OutputSchema);
            var needed = new bool[inputSchema.Count];
            for (int i = 0; i < sources.Length; i++)
                needed[sources[i]] |= active[i];
            return inputSchema.Where(needed);
        }

        public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(input, this);

        internal DataViewSchema.Column Source(DataViewSchema.Column column) => inputSchema[sources[column.Index]];
    }

    private sealed class Row(DataViewRow input, Mapper mapper) : WrappingRow(input)
    {
        public override DataViewSchema Schema => mapper.OutputSchema;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Input.GetGetter<TValue>(mapper.Source(column));
    }

    private sealed class View(IDataView source, Mapper mapper) : IDataTransform, ISaveAsOnnx
    {
        public IDataView Source => source;

        public bool CanSaveOnnx => true;

        public bool CanShuffle => source.CanShuffle;

        public DataViewSchema Schema => mapper.OutputSchema;

        public long? GetRowCount() => source.GetRowCount();

        public void SaveAsOnnx(OnnxContext context)
        {
            foreach (DataViewSchema.Column column in Schema)
            {
                string name = mapper.Source(column).Name;
                if (!column.IsHidden && context.VariableOf(name) is { } variable)
                    context.AddNode("Identity", OnnxNode.Standard, [variable], context.AddIntermediate(column.Type, column.Name));
            }
        }

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) =>
            new Cursor(source.GetRowCursor(mapper.GetDependencies(columnsNeeded), rand), mapper, columnsNeeded.ActiveIn(Schema));

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => Array.ConvertAll(
            source.GetRowCursorSet(mapper.GetDependencies(columnsNeeded), n, rand),
            DataViewRowCursor (input) => new Cursor(input, mapper, columnsNeeded.ActiveIn(Schema)));
    }

    private sealed class Cursor(DataViewRowCursor input, Mapper mapper, bool[] active) : SynchronizedCursor(input)
    {
        public override DataViewSchema Schema => mapper.OutputSchema;

        public override bool IsColumnActive(DataViewSchema.Column column) => active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => Input.GetGetter<TValue>(mapper.Source(column));
    }
}
