using System.CommandLine;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>A command with an example in its help.</summary>
internal abstract class ToolCommand : Command
{
    private readonly Option<bool> _json = Shared.JsonFlag();

    protected ToolCommand(string name, string description, string example)
        : base(name, $"{description}{Environment.NewLine}{Environment.NewLine}  Example: mlnet-autoencoder {example}")
    {
        Add(_json);
        SetAction(result =>
        {
            using var interrupts = new Interrupts();
            return Run(result, result.GetValue(_json), interrupts.Token);
        });
    }

    /// <summary>Runs the command.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="isJson">Whether one JSON document is wanted.</param>
    /// <param name="stop">Is canceled by Ctrl-C.</param>
    /// <returns>The exit code.</returns>
    protected abstract int Run(ParseResult result, bool isJson, CancellationToken stop);
}
