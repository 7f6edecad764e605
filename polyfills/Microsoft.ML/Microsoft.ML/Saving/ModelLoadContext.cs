using System.IO.Compression;
using System.Reflection;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The zip being read.</summary>
internal sealed class ModelFileReader : IDisposable
{
    private readonly ZipArchive _zip;

    internal ModelFileReader(Stream stream)
    {
        try
        {
            _zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true);
        }
        catch (Exception e)
        {
            throw new FormatException("Failed to open a zip archive", e);
        }
    }

    public void Dispose() => _zip.Dispose();

    /// <summary>The bytes of an entry; null if there is none.</summary>
    internal byte[] Read(string directory, string name)
    {
        using Stream stream = _zip.GetEntry(ModelFile.Combine(directory, name))?.Open();
        if (stream is null)
            return null;
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}

/// <summary>One component's place in a model file that is read.</summary>
internal sealed class ModelLoadContext
{
    private readonly ModelFileReader _file;
    private readonly string _directory;

    private ModelLoadContext(ModelFileReader file, string directory, byte[] body)
    {
        _file = file;
        _directory = directory;
        Reader = new BinaryReader(new MemoryStream(body), Encoding.UTF8);
    }

    internal BinaryReader Reader { get; }

    /// <summary>Loads what was saved in a directory; null if nothing was.</summary>
    internal static TComponent LoadOrNull<TComponent>(IHostEnvironment env, ModelFileReader file, string directory)
        where TComponent : class
    {
        byte[] entry = file.Read(directory, ModelSaveContext.ModelEntry);
        if (entry is null)
            return null;
        string typeName, assemblyName;
        byte[] body;
        try
        {
            using var reader = new BinaryReader(new MemoryStream(entry), Encoding.UTF8);
            Refuse.FormatUnless(reader.ReadInt32() == ModelFile.Magic, "Wrong file type");
            reader.ReadString();
            typeName = reader.ReadString();
            assemblyName = reader.ReadString();
            body = reader.ReadBytes(reader.ReadInt32());
        }
        catch (EndOfStreamException)
        {
            throw new FormatException();
        }

        MethodInfo create = Assembly.Load(assemblyName).GetType(typeName)?.GetMethod(
            "Create", BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public, [typeof(IHostEnvironment), typeof(ModelLoadContext)]);
        Refuse.FormatUnless(create is not null, $"Couldn't load model: '{directory}'");
        var context = new ModelLoadContext(file, directory, body);
        TComponent component;
        try
        {
            component = create.Invoke(null, [env, context]) as TComponent;
        }
        catch (TargetInvocationException e) when (e.InnerException.Source is "Microsoft.ML" or "Microsoft.ML.OnnxTransformer")
        {
            // The package wraps its own refusals once more, and leaves what others throw to the reflection that meets them.
            throw new InvalidOperationException("Error during class instantiation", e);
        }

        Refuse.FormatUnless(component is not null, $"Couldn't load model: '{directory}'");
        // More bytes than the component wrote: it was saved with two calls on one context.
        if (context.Reader.BaseStream.Position != body.Length)
            throw new FormatException();
        return component;
    }

    internal TComponent LoadModel<TComponent>(IHostEnvironment env, string name)
        where TComponent : class =>
        LoadOrNull<TComponent>(env, _file, ModelFile.Combine(_directory, name)) ?? throw new FormatException("Corrupt model file");

    internal byte[] LoadBinaryStream(string name) => _file.Read(_directory, name) ?? throw new FormatException();

    internal string LoadNonEmptyString()
    {
        string text = Reader.ReadString();
        if (text.Length == 0)
            throw new FormatException();
        return text;
    }
}
