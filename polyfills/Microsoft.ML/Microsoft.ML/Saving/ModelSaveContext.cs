using System.IO.Compression;
using System.Text;

namespace Microsoft.ML;

/// <summary>What can be saved in a model file.</summary>
public interface ICanSaveModel
{
    void Save(ModelSaveContext ctx);
}

/// <summary>
/// One component's place in a model file: a directory of the zip with the component's own numbers in <see cref="ModelEntry"/>.
/// As in the package, only stock components can write to it; others pass it on.
/// </summary>
public sealed class ModelSaveContext : IDisposable
{
    internal const string ModelEntry = "Model.key";

    private readonly ModelFileWriter _file;
    private readonly string _directory;
    private readonly MemoryStream _body = new();
    private string _signature;
    private Type _loader;

    internal ModelSaveContext(ModelFileWriter file, string directory)
    {
        _file = file;
        _directory = directory;
        file.Reserve(directory, ModelEntry);
        Writer = new BinaryWriter(_body, Encoding.UTF8, leaveOpen: true);
    }

    internal BinaryWriter Writer { get; }

    public void Dispose() => Writer.Dispose();

    /// <summary>Saves a component in a directory of its own; null is left out.</summary>
    internal static void Save(ModelFileWriter file, ICanSaveModel component, string directory)
    {
        if (component is null)
            return;
        using var context = new ModelSaveContext(file, directory);
        component.Save(context);
        context.Done();
    }

    internal void CheckAtStart()
    {
        if (_body.Position != 0)
            throw new InvalidOperationException();
    }

    /// <summary>Names what loads the component: the type with a static <c>Create(IHostEnvironment, ModelLoadContext)</c>.</summary>
    internal void SetLoader(string signature, Type loader)
    {
        _signature = signature;
        _loader = loader;
    }

    internal void SaveModel(ICanSaveModel component, string name) => Save(_file, component, ModelFile.Combine(_directory, name));

    internal void SaveBinaryStream(string name, Action<BinaryWriter> write)
    {
        _file.Reserve(_directory, name);
        using Stream stream = _file.Create(_directory, name);
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        write(writer);
    }

    private void Done()
    {
        Refuse.StateUnless(_signature is not null, "ModelSignature not specified!");
        Writer.Flush();
        using Stream stream = _file.Create(_directory, ModelEntry);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(ModelFile.Magic);
        writer.Write(_signature);
        writer.Write(_loader.FullName);
        writer.Write(_loader.Assembly.FullName);
        writer.Write((int)_body.Length);
        writer.Write(_body.GetBuffer().AsSpan(0, (int)_body.Length));
    }
}

internal static class ModelFile
{
    internal const int Magic = 0x314C4D50;

    internal static string Combine(string directory, string name) => string.IsNullOrEmpty(directory) ? name : $"{directory}/{name}";
}

/// <summary>The zip being written.</summary>
internal sealed class ModelFileWriter : IDisposable
{
    private readonly ZipArchive _zip;
    private readonly HashSet<string> _names = [];

    internal ModelFileWriter(Stream stream)
    {
        _zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
        Reserve("TrainingInfo", "Version.txt");
        using var writer = new StreamWriter(Create("TrainingInfo", "Version.txt"));
        writer.WriteLine(typeof(ModelFileWriter).Assembly.GetName().Version);
    }

    public void Dispose() => _zip.Dispose();

    internal void Reserve(string directory, string name)
    {
        string path = ModelFile.Combine(directory, name);
        Refuse.Unless(_names.Add(path), nameof(name), $"Duplicate entry: '{path}'");
    }

    internal Stream Create(string directory, string name) => _zip.CreateEntry(ModelFile.Combine(directory, name)).Open();
}
