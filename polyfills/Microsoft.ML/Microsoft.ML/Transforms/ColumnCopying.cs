using Microsoft.ML.Data;
using Microsoft.ML.Model.OnnxConverter;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

public sealed class ColumnCopyingEstimator : TrivialEstimator<ColumnCopyingTransformer>
{
    internal ColumnCopyingEstimator(IHostEnvironment env, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(ColumnCopyingEstimator)), new ColumnCopyingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        return inputSchema.With(Array.ConvertAll(Transformer.Columns, pair =>
        {
            SchemaShape.Column source = Find(inputSchema, pair.Input);
            return new SchemaShape.Column(pair.Output, source.Kind, source.ItemType, source.IsKey, source.Annotations);
        }));
    }
}

/// <summary>Gives columns a second name.</summary>
public sealed class ColumnCopyingTransformer : OneToOneTransformerBase
{
    internal ColumnCopyingTransformer(IHostEnvironment env, params (string Output, string Input)[] columns)
        : base(env.Register(nameof(ColumnCopyingTransformer)), columns)
    {
    }

    internal (string Output, string Input)[] Columns => Pairs;

    internal static ColumnCopyingTransformer Create(IHostEnvironment env, ModelLoadContext ctx) => new(env, LoadPairs(ctx));

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.SetLoader("CopyTransform", GetType());
        SavePairs(ctx);
    }

    private protected override DataViewSchema.DetachedColumn MakeColumn(DataViewSchema.Column input, int pair) =>
        new(Pairs[pair].Output, input.Type, input.Annotations);

    private protected override bool ForgetsOnnxOutput => false;

    private protected override void SaveAsOnnx(OnnxContext context, string source, DataViewType input, DataViewSchema.DetachedColumn output, int pair) =>
        context.AddNode("Identity", OnnxNode.Standard, [source], context.AddIntermediate(output.Type, output.Name));

    private protected override Delegate MakeGetter(DataViewRow input, int column, int pair) => input.Getter(column);
}
