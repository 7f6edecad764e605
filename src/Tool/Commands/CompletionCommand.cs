using System.CommandLine;

namespace MLNetAutoencoder.Tool.Commands;

/// <summary>Prints a script with which a shell completes commands and options; they come from the directive [suggest].</summary>
internal sealed class CompletionCommand : ToolCommand
{
    private static readonly Dictionary<string, string> s_scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = """
            _mlnet_autoencoder() {
                local IFS=$'\n' line="${COMP_LINE#* }"
                local point=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
                local found="$(mlnet-autoencoder "[suggest:$point]" "$line" 2>/dev/null)"
                COMPREPLY=($(compgen -W "$found" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _mlnet_autoencoder mlnet-autoencoder
            """,
        ["zsh"] = """
            _mlnet_autoencoder() {
                local line="${BUFFER#* }"
                local found=("${(@f)$(mlnet-autoencoder "[suggest:$((CURSOR - ${#BUFFER} + ${#line}))]" "$line" 2>/dev/null)}")
                [[ -n "$found" ]] && compadd -a found || _files
            }
            compdef _mlnet_autoencoder mlnet-autoencoder
            """,
        ["powershell"] = """
            Register-ArgumentCompleter -Native -CommandName mlnet-autoencoder -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $text = $commandAst.ToString().PadRight($cursorPosition - $commandAst.Extent.StartOffset)
                $line = $text.Substring([Math]::Min($text.Length, $text.IndexOf(' ') + 1))
                mlnet-autoencoder "[suggest:$($line.Length)]" "$line" | Where-Object { $_ -like "$wordToComplete*" } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    private readonly Argument<string> _shell = new("shell") { Description = "The shell." };

    public CompletionCommand() : base("completion", "Print a script with which a shell completes commands and options.",
        "completion bash >> ~/.bashrc")
    {
        _shell.AcceptOnlyFromAmong([.. s_scripts.Keys]);
        Add(_shell);
    }

    protected override int Run(ParseResult result, bool isJson, CancellationToken stop)
    {
        string shell = result.GetRequiredValue(_shell);
        if (isJson)
            new Output(isJson).Document(() => new() { ["shell"] = shell, ["script"] = s_scripts[shell] });
        else
            Console.Out.WriteLine(s_scripts[shell].ReplaceLineEndings("\n"));
        return ExitCode.Fine;
    }
}
