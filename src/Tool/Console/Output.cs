using System.Text.Json.Nodes;

namespace MLNetAutoencoder.Tool;

/// <summary>Where things are said: data and JSON on standard output alone, all else beside them on standard error.</summary>
/// <param name="isJson">Whether one JSON document is all that standard output gets.</param>
/// <param name="hasData">Whether rows go to standard output.</param>
internal sealed class Output(bool isJson, bool hasData = false)
{
    private readonly TextWriter _people = isJson || hasData ? Console.Error : Console.Out;

    public bool IsJson => isJson;

    /// <summary>Says something to people. With JSON it is left out, since the document has it.</summary>
    public void Say(string line = "")
    {
        if (!isJson)
            _people.WriteLine(line);
    }

    public static void Warn(string line) => Console.Error.WriteLine(line);

    /// <summary>Prints the document of <c>--json</c>.</summary>
    public void Document(Func<JsonObject> document)
    {
        if (isJson)
            Console.Out.WriteLine(Json.Print(document()));
    }
}
