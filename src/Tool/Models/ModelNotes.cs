using System.IO.Compression;
using System.Text.Json.Nodes;
using MLNetAutoencoder.Tool.Tables;

namespace MLNetAutoencoder.Tool.Models;

/// <summary>
/// What the tool keeps in the model file beside ML.NET's own entries, which ignore it: how the table was read and what
/// became of its columns.
/// </summary>
/// <param name="Columns">Name and kind of every column of the training file; the kind is "label" for the label.</param>
/// <param name="Missing">The texts that count as missing.</param>
/// <param name="Label">The column with the labels; null for none.</param>
/// <param name="Normal">The labels that mean normal.</param>
internal sealed record ModelNotes(IReadOnlyList<(string Name, string Kind)> Columns, IReadOnlyList<string> Missing, string? Label,
    IReadOnlyList<string> Normal)
{
    private const string EntryName = "mlnet-autoencoder.json";

    /// <summary>Reads the notes of a model file; null where it has none.</summary>
    public static ModelNotes? Read(Stream model)
    {
        using var zip = new ZipArchive(model, ZipArchiveMode.Read, leaveOpen: true);
        using var entry = zip.GetEntry(EntryName)?.Open();
        if (entry is null || JsonNode.Parse(entry) is not JsonObject notes)
            return null;
        return new ModelNotes(
            [.. notes["columns"]!.AsArray().Select(column => ((string)column!["name"]!, (string)column["kind"]!))],
            Texts(notes["missing"]!), (string?)notes["label"], Texts(notes["normal"]!));

        static string[] Texts(JsonNode node) => [.. node.AsArray().Select(text => (string)text!)];
    }

    /// <summary>Adds the notes to a model file.</summary>
    public void AddTo(Stream model)
    {
        using var zip = new ZipArchive(model, ZipArchiveMode.Update, leaveOpen: true);
        using var writer = new StreamWriter(zip.CreateEntry(EntryName, CompressionLevel.Optimal).Open());
        writer.Write(new JsonObject
        {
            ["columns"] = Json.Array(Columns, column => new JsonObject { ["name"] = column.Name, ["kind"] = column.Kind }),
            ["missing"] = Json.Array(Missing, text => text),
            ["label"] = Label,
            ["normal"] = Json.Array(Normal, text => text),
        }.ToJsonString());
    }
}
