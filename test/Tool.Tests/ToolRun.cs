using System.Text.Json.Nodes;

namespace MLNetAutoencoder.Tests.Tool;

/// <summary>What a run of the tool came to.</summary>
internal sealed record ToolRun(int Code, string Output, string Error)
{
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The one JSON document that standard output is.</summary>
    public JsonNode Json => JsonNode.Parse(Output)!;

    public ToolRun Ends(int code)
    {
        Assert.AreEqual(code, Code, Output + Error);
        return this;
    }

    public ToolRun Says(params string[] texts)
    {
        foreach (string text in texts)
            Assert.Contains(text, Output + Error);
        return this;
    }
}

/// <content>Runs to the end.</content>
internal static partial class InstalledTool
{
    public static ToolRun Run(params string[] arguments) => Run(input: null, arguments);

    /// <summary>Runs the tool to its end.</summary>
    public static ToolRun Run(byte[]? input, string[] arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null)
            process.StandardInput.BaseStream.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return new ToolRun(process.ExitCode, output.Result, error.Result);
    }
}

/// <summary>The end of all tests.</summary>
[TestClass]
public static class InstalledToolEnd
{
    [AssemblyCleanup]
    public static void Delete() => InstalledTool.Delete();
}
