using System.CommandLine;
using System.CommandLine.Invocation;
using MLNetAutoencoder.Tool;
using MLNetAutoencoder.Tool.Commands;

var root = new RootCommand("Finds what is odd in a table: trains anomaly detectors on CSV and Parquet files, scores and explains rows.")
{
    new TrainCommand(),
    new ScoreCommand(),
    new ExplainCommand(),
    new EncodeCommand(),
    new ReconstructCommand(),
    new SampleCommand(),
    new ExportCommand(),
    new InfoCommand(),
    new EvaluateCommand(),
    new ReportCommand(),
    new CompletionCommand(),
};
var parsed = root.Parse(args);
var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
if (parsed.Action is ParseErrorAction error)
{
    error.ShowHelp = false;
    configuration.Output = Console.Error;
}

try
{
    return parsed.Invoke(configuration);
}
catch (UsageException e)
{
    return Fail(e.Message, ExitCode.WrongUse);
}
catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
{
    return Fail(e.Message, ExitCode.BadInput);
}
catch (OperationCanceledException)
{
    return Fail("Canceled.", ExitCode.Canceled);
}
catch (Exception e)
{
    return Fail($"This is a fault of mlnet-autoencoder. Please report it with the command and the following text.{Environment.NewLine}{e}",
        ExitCode.Internal);
}
finally
{
    TemporaryFile.DeleteAll();
}

static int Fail(string message, int code)
{
    Console.Error.WriteLine(message);
    return code;
}
