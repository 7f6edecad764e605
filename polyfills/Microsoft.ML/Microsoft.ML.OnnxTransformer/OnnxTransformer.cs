using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms.Onnx;

/// <summary>Adds the outputs of an ONNX model, which it runs once for each row.</summary>
public sealed class OnnxTransformer : RowToRowTransformerBase, IDisposable
{
    private const string ModelEntry = "OnnxModel";
    private readonly OnnxOptions _options;
    private bool _disposed;

    internal OnnxTransformer(IHostEnvironmentInternal env, OnnxOptions options, OnnxDevice device, Stream modelBytes)
        : this(env, options, device, modelBytes is null ? options.ModelFile : CopyToFile(env, modelBytes), ownsFile: false)
    {
    }

    private OnnxTransformer(IHostEnvironmentInternal env, OnnxOptions options, OnnxDevice device, string path, bool ownsFile)
        : base(env.Register(nameof(OnnxTransformer)))
    {
        Inputs = options.InputColumns ?? [];
        Outputs = options.OutputColumns ?? [];
        foreach (string name in Inputs)
            Refuse.Blank(name, nameof(OnnxOptions.InputColumns));
        foreach (string name in Outputs)
            Refuse.Blank(name, nameof(OnnxOptions.OutputColumns));
        Refuse.Blank(path, nameof(OnnxOptions.ModelFile));
        if (!File.Exists(path))
            throw new IOException($"Model file {path} does not exists.");
        try
        {
            Model = new OnnxModel(env, path, options, device, ownsFile);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException($"Error initializing model :{e}", e);
        }

        _options = options;
        if (Inputs.Length == 0)
            Inputs = Array.ConvertAll(Model.Inputs, input => input.Name);
        if (Outputs.Length == 0)
            Outputs = Array.ConvertAll(Model.Outputs, output => output.Name);
        OutputTypes = Array.ConvertAll(Outputs, name => Model.Output(name).Type);
    }

    internal OnnxModel Model { get; }

    internal string[] Inputs { get; }

    internal string[] Outputs { get; }

    internal DataViewType[] OutputTypes { get; }

    public void Dispose()
    {
        if (_disposed)
            return;
        Model.Dispose();
        _disposed = true;
    }

    internal static OnnxTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        using var model = new BinaryReader(new MemoryStream(ctx.LoadBinaryStream(ModelEntry)));
        var options = new OnnxOptions { InputColumns = ReadNames(ctx), OutputColumns = ReadNames(ctx) };
        var shapes = new Dictionary<string, int[]>();
        for (int n = ctx.Reader.ReadInt32(); n > 0; n--)
        {
            string name = ctx.LoadNonEmptyString();
            var shape = new int[ctx.Reader.ReadInt32()];
            for (int i = 0; i < shape.Length; i++)
                shape[i] = ctx.Reader.ReadInt32();
            shapes[name] = shape;
        }

        options.ShapeDictionary = shapes;
        options.RecursionLimit = ctx.Reader.ReadInt32();
        // A model does not say where it ran: the context that loads it does.
        var context = (IHostEnvironmentInternal)env;
        string path = Path.Combine(context.TempFilePath, Path.GetRandomFileName());
        File.WriteAllBytes(path, model.ReadBytes(model.ReadInt32()));
        return new OnnxTransformer(context, options, new OnnxDevice(context.GpuDeviceId, context.FallbackToCpu), path, ownsFile: true);
    }

    // The bytes come from the file as it is now, not as it was when the session opened.
    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtStart();
        ctx.SetLoader("OnnxTransform", GetType());
        ctx.SaveBinaryStream(ModelEntry, writer =>
        {
            byte[] model = File.ReadAllBytes(Model.Path);
            writer.Write(model.Length);
            writer.Write(model);
        });
        WriteNames(ctx, Inputs);
        WriteNames(ctx, Outputs);
        IDictionary<string, int[]> shapes = _options.ShapeDictionary ?? new Dictionary<string, int[]>();
        ctx.Writer.Write(shapes.Count);
        foreach ((string name, int[] shape) in shapes)
        {
            ctx.Writer.Write(name);
            ctx.Writer.Write(shape.Length);
            foreach (int size in shape)
                ctx.Writer.Write(size);
        }

        ctx.Writer.Write(_options.RecursionLimit);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new OnnxMapper(this, schema);

    private static string CopyToFile(IHostEnvironmentInternal env, Stream modelBytes)
    {
        string path = Path.Combine(env.TempFilePath, Path.GetRandomFileName());
        using FileStream file = File.Create(path);
        modelBytes.Seek(0, SeekOrigin.Begin);
        modelBytes.CopyTo(file);
        return path;
    }

    private static string[] ReadNames(ModelLoadContext ctx)
    {
        var names = new string[ctx.Reader.ReadInt32()];
        Refuse.FormatUnless(names.Length > 0);
        for (int i = 0; i < names.Length; i++)
            names[i] = ctx.LoadNonEmptyString();
        return names;
    }

    private static void WriteNames(ModelSaveContext ctx, string[] names)
    {
        ctx.Writer.Write(names.Length);
        foreach (string name in names)
            ctx.Writer.Write(name);
    }
}

public sealed class OnnxScoringEstimator : TrivialEstimator<OnnxTransformer>
{
    internal OnnxScoringEstimator(IHostEnvironment env, OnnxTransformer transformer)
        : base(env.Register(nameof(OnnxTransformer)), transformer)
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Refuse.Null(inputSchema, nameof(inputSchema));
        foreach (string input in Transformer.Inputs)
        {
            SchemaShape.Column column = Find(inputSchema, input);
            OnnxVariable variable = Array.Find(Transformer.Model.Inputs, known => known.Name == input)
                ?? throw new InvalidOperationException($"Column {input} doesn't match input node names of model.");
            DataViewType expected = ((VectorDataViewType)variable.Type).ItemType;
            if (column.ItemType != expected)
                throw Refuse.WrongColumn(nameof(inputSchema), "input", input, expected.ToString(), column.ItemType.ToString());
        }

        return inputSchema.With([.. Transformer.Outputs.Zip(Transformer.OutputTypes, (name, type) => new SchemaShape.Column(
            name,
            type is VectorDataViewType { IsKnownSize: true } ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.VariableVector,
            type.ItemOf(),
            false))]);
    }
}
